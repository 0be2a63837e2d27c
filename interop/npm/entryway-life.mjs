// The life of accounts at stock hosts behind the entryway: made, led on, renamed, at rest and back, gone.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AtpAgent } from '@atproto/api'
import { check, finish, network } from './check.mjs'

const ready = network()
const [first, second] = ready.hosts
const password = 'correct horse battery'
const server = (agent) => agent.com.atproto.server

async function made(name) {
  const agent = new AtpAgent({ service: ready.url })
  await agent.createAccount({ handle: `${name}.test`, email: `${name}@mail.test`, password })
  return agent
}

/** An agent that is logged in at this service. */
async function login(service, identifier) {
  const agent = new AtpAgent({ service })
  await agent.login({ identifier, password })
  return agent
}

async function refused(call, name) {
  await assert.rejects(call, (error) => (assert.equal(error.error, name, `${error.status} ${error.message}`), true))
}

const get = async (url) => {
  const answer = await fetch(url)
  return { status: answer.status, ...(await answer.json()) }
}
/** What the operator of a host sees of an account there. */
const seen = async (host, did) => {
  const headers = { authorization: `Basic ${Buffer.from(`admin:${host.admin_password}`).toString('base64')}` }
  return (await fetch(`${host.url}/xrpc/com.atproto.admin.getAccountInfo?did=${did}`, { headers })).json()
}
const status = (host, did) => get(`${host.url}/xrpc/com.atproto.sync.getRepoStatus?did=${did}`)
const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
const note = (did, text) => ({ repo: did, collection: 'com.example.note', record: { $type: 'com.example.note', text } })

/** The code of the newest message. */
let before = 0
async function mailedCode() {
  for (let tries = 0; tries < 100; tries++) {
    const names = await readdir(path.join(ready.data, 'mail')).catch(() => [])
    if (names.length > before) {
      before = names.length
      const text = await readFile(path.join(ready.data, 'mail', names.sort().at(-1)), 'utf8')
      return text.match(/^([a-z2-7]{5}-[a-z2-7]{5})$/m)?.[1]
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('no message came')
}

let alice
let bob

await check('makes accounts at the first host that has room', async () => {
  alice = await made('alice')
  bob = await made('bob')
  assert.deepEqual([alice.pdsUrl.origin, bob.pdsUrl.origin], [first.url, second.url])
  assert.deepEqual([(await seen(first, alice.did)).handle, (await seen(second, bob.did)).handle], ['alice.test', 'bob.test'])
  await assert.rejects(() => made('carol'))
  const { protected_resources } = await get(`${ready.url}/.well-known/oauth-authorization-server`)
  assert.deepEqual(protected_resources, [ready.url, first.url, second.url])
  const { didState, ...document } = await get(`${ready.plc_url}/${alice.did}`)
  assert.equal(document.service[0].serviceEndpoint, first.url)
})

await check('the tokens are for the host of the account and no other', async () => {
  const { accessJwt, refreshJwt } = alice.session
  assert.deepEqual([claims(accessJwt).aud, claims(refreshJwt).aud], [first.did, ready.service_did])
  const elsewhere = await fetch(`${second.url}/xrpc/com.atproto.server.getSession`, { headers: { authorization: `Bearer ${accessJwt}` } })
  assert.deepEqual([elsewhere.status, (await elsewhere.json()).error], [400, 'InvalidToken'])
})

await check('a program that stays at the entryway is led on to the host', async () => {
  const authorization = `Bearer ${alice.session.accessJwt}`
  const call = (method, body) => fetch(`${ready.url}/xrpc/${method}`, {
    method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(body),
  })
  const written = await call('com.atproto.repo.createRecord', note(alice.did, 'led on'))
  const { uri } = await written.json()
  assert.equal(written.status, 200)
  const read = await get(`${first.url}/xrpc/com.atproto.repo.getRecord?repo=${alice.did}&collection=com.example.note&rkey=${uri.split('/').pop()}`)
  assert.equal(read.value.text, 'led on')
  const others = await call('com.atproto.repo.createRecord', note(bob.did, 'not mine'))
  assert.equal(others.status >= 400, true)
  const account = await fetch(`${ready.url}/xrpc/com.atproto.server.checkAccountStatus`, { headers: { authorization } })
  assert.equal((await account.json()).repoCommit?.startsWith('bafy'), true)
})

await check('a new handle, asked for at the host or at the entryway, is known to all', async () => {
  for (const [agent, handle] of [[await login(first.url, alice.did), 'alicia.test'], [await login(ready.url, alice.did), 'alison.test']]) {
    await agent.com.atproto.identity.updateHandle({ handle })
    assert.equal((await seen(first, alice.did)).handle, handle)
    assert.equal((await get(`${ready.url}/xrpc/com.atproto.identity.resolveHandle?handle=${handle}`)).did, alice.did)
    assert.deepEqual((await get(`${ready.plc_url}/${alice.did}`)).alsoKnownAs, [`at://${handle}`])
  }
  await refused(() => alice.com.atproto.identity.updateHandle({ handle: 'bob.test' }), 'HandleNotAvailable')
})

await check('a scoped app password is not made where it would be worth more', async () => {
  const agent = await login(ready.url, alice.did)
  const answer = await fetch(`${ready.url}/xrpc/com.atproto.server.createAppPassword`, {
    method: 'POST',
    headers: { authorization: `Bearer ${agent.session.accessJwt}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'narrow', scope: 'repo:com.example.note' }),
  })
  assert.deepEqual([answer.status, (await answer.json()).error], [400, 'InvalidScope'])
})

await check('rests and comes back, wherever it is asked for', async () => {
  for (const [rest, back] of [[ready.url, first.url], [first.url, ready.url]]) {
    await server(await login(rest, alice.did)).deactivateAccount({})
    assert.deepEqual([(await status(first, alice.did)).status, (await status(first, alice.did)).active], ['deactivated', false])
    const resting = await login(back, alice.did)
    assert.equal(resting.session.active, false)
    await assert.rejects(() => resting.com.atproto.repo.createRecord(note(alice.did, 'asleep')))
    await server(resting).activateAccount()
    assert.equal((await status(first, alice.did)).active, true)
  }
})

await check('confirms its address at the host', async () => {
  const agent = await login(first.url, alice.did)
  await server(agent).requestEmailConfirmation()
  await server(agent).confirmEmail({ email: 'alice@mail.test', token: await mailedCode() })
  assert.equal((await server(agent).getSession()).data.emailConfirmed, true)
})

await check('is deleted at both, and its place is free', async () => {
  const agent = await login(first.url, alice.did)
  await server(agent).requestAccountDelete()
  const token = await mailedCode()
  const nobody = new AtpAgent({ service: first.url })
  await refused(() => server(nobody).deleteAccount({ did: alice.did, password, token: 'abcde-23456' }), 'InvalidToken')
  await server(nobody).deleteAccount({ did: alice.did, password, token })
  assert.equal((await status(first, alice.did)).error, 'RepoNotFound')
  await assert.rejects(() => login(ready.url, alice.did))
  assert.equal((await made('carol')).pdsUrl.origin, first.url)
})

finish('entryway-life')
