// Official clients at stock hosts behind the entryway: an application signs in, writes, is refused, refreshes and revokes;
// an agent logs in with a password and an app password.
import assert from 'node:assert/strict'
import { Agent, AtpAgent } from '@atproto/api'
import { NodeOAuthClient, atprotoLoopbackClientMetadata, requestLocalLock } from '@atproto/oauth-client-node'
import { check, finish, network } from './check.mjs'
import { signIn } from './pages.mjs'

const ready = network()
const [alice] = ready.accounts
const host = alice.host
const redirect_uri = 'http://127.0.0.1:8123/callback'
const note = (text) => ({
  repo: alice.did, collection: 'com.example.note', record: { $type: 'com.example.note', text, createdAt: new Date().toISOString() },
})

/** A client that asks for this scope. */
function application(scope) {
  const client_id = `http://localhost?redirect_uri=${encodeURIComponent(redirect_uri)}&scope=${encodeURIComponent(scope)}`
  const sessions = new Map()
  const store = (map) => ({
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    del: async (key) => void map.delete(key),
  })
  const client = new NodeOAuthClient({
    clientMetadata: atprotoLoopbackClientMetadata(client_id),
    allowHttp: true,
    plcDirectoryUrl: ready.plc_url,
    handleResolver: ready.url,
    requestLock: requestLocalLock,
    stateStore: store(new Map()),
    sessionStore: store(sessions),
  })
  return { client, sessions, scope }
}

/** Signs in over the pages of the entryway. */
async function signedIn({ client, scope }) {
  const start = await client.authorize(alice.handle, { scope })
  assert.equal(start.origin, ready.url)
  const back = await signIn(start.href, { identifier: alice.handle, password: alice.password, origin: ready.url })
  return (await client.callback(back.searchParams, { redirect_uri })).session
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

async function refused(call, status, name) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.status, error.error], [status, name], `${error.status} ${error.error} ${error.message}`)
    return true
  })
}

const app = application('atproto repo:com.example.note?action=create blob:image/*')
let session
let agent

await check('signs in at the entryway, for the host', async () => {
  session = await signedIn(app)
  agent = new Agent(session)
  assert.equal(session.did, alice.did)
  const { token_type, aud, access_token } = app.sessions.get(alice.did).tokenSet
  assert.equal(token_type, 'DPoP')
  assert.equal(new URL(aud).origin, host.url)
  const { iss, aud: service, scope, exp, iat } = claims(access_token)
  assert.deepEqual([iss, service, scope, exp - iat], [ready.url, host.did, app.scope, 300])
})

await check('writes at the host what it may write', async () => {
  const { data } = await agent.com.atproto.repo.createRecord(note('at a stock host'))
  const read = await fetch(`${host.url}/xrpc/com.atproto.repo.getRecord?repo=${alice.did}&collection=com.example.note&rkey=${data.uri.split('/').pop()}`)
  assert.equal((await read.json()).value.text, 'at a stock host')
})

await check('is refused by the host what it may not', async () => {
  const other = { ...note('x'), collection: 'com.example.other', record: { $type: 'com.example.other' } }
  await refused(() => agent.com.atproto.repo.createRecord(other), 403, 'ScopeMissingError')
  await refused(() => agent.uploadBlob(new TextEncoder().encode('text'), { encoding: 'text/plain' }), 403, 'ScopeMissingError')
  await refused(() => agent.com.atproto.identity.updateHandle({ handle: 'eve.test' }), 403, 'ScopeMissingError')
})

await check('sees its session without the address, as the host passes it on', async () => {
  const { data } = await agent.com.atproto.server.getSession()
  assert.deepEqual([data.did, data.handle, data.email, data.active], [alice.did, alice.handle, undefined, true])
})

await check('refreshes and goes on', async () => {
  const before = app.sessions.get(alice.did).tokenSet
  await session.getTokenInfo(true)
  const after = app.sessions.get(alice.did).tokenSet
  assert.notEqual(before.refresh_token, after.refresh_token)
  assert.notEqual(before.access_token, after.access_token)
  await agent.com.atproto.repo.createRecord(note('after the refresh'))
})

await check('a long scope is named in the token, and the host asks for it', async () => {
  const names = Array.from({ length: 60 }, (_, number) => `repo:com.example.collection${number}.with.a.long.name`)
  const long = application(`atproto repo:com.example.note ${names.join(' ')}`)
  const held = await signedIn(long)
  const { scope, exp, iat } = claims(long.sessions.get(alice.did).tokenSet.access_token)
  assert.match(scope, /^ref:bafkrei[a-z2-7]+$/)
  assert.equal(exp - iat, 300)
  await new Agent(held).com.atproto.repo.createRecord(note('by reference'))
  await refused(() => new Agent(held).com.atproto.repo.createRecord({ ...note('x'), collection: 'com.example.other', record: { $type: 'com.example.other' } }), 403, 'ScopeMissingError')
  const unknown = await fetch(`${ready.url}/xrpc/com.atproto.temp.dereferenceScope?scope=${scope.slice(0, -4)}aaaa`)
  assert.deepEqual([unknown.status, (await unknown.json()).error], [400, 'InvalidScopeReference'])
  await held.signOut()
})

await check('revokes, and gets no more tokens', async () => {
  const { tokenSet } = app.sessions.get(alice.did)
  await session.signOut()
  assert.equal(app.sessions.has(alice.did), false)
  await assert.rejects(() => agent.com.atproto.repo.createRecord(note('too late')))
  assert.ok(tokenSet.access_token)
})

/** An agent that is logged in at this service. */
async function login(service, password) {
  const agent = new AtpAgent({ service })
  await agent.login({ identifier: alice.handle, password })
  return agent
}

let appPassword

await check('an agent logs in at the entryway and is led to the host', async () => {
  const agent = await login(ready.url, alice.password)
  assert.equal(agent.pdsUrl.origin, host.url)
  await agent.com.atproto.repo.createRecord(note('by the agent'))
  await agent.com.atproto.server.getSession()
  appPassword = (await agent.com.atproto.server.createAppPassword({ name: 'bot' })).data.password
  const { data } = await agent.com.atproto.server.listAppPasswords()
  assert.deepEqual(data.passwords.map((row) => row.name), ['bot'])
})

for (const [where, service] of [['the entryway', ready.url], ['the host, which passes it on', host.url]]) {
  await check(`a bot logs in with an app password at ${where}`, async () => {
    const bot = await login(service, appPassword)
    assert.equal(bot.did, alice.did)
    await bot.com.atproto.repo.createRecord(note('by the bot'))
    const kept = bot.session.refreshJwt
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await bot.sessionManager.refreshSession()
    assert.notEqual(bot.session.refreshJwt, kept)
    await bot.com.atproto.repo.createRecord(note('after a refresh'))
    await refused(() => bot.com.atproto.server.createAppPassword({ name: 'x' }), 400, 'InvalidToken')
    await bot.logout()
  })
}

await check('a revoked app password lets nobody in', async () => {
  const agent = await login(ready.url, alice.password)
  const bot = await login(ready.url, appPassword)
  await agent.com.atproto.server.revokeAppPassword({ name: 'bot' })
  await assert.rejects(() => bot.sessionManager.refreshSession())
  await assert.rejects(() => login(ready.url, appPassword))
})

finish('entryway')
