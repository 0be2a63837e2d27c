// The official Node client signs in over the pages, writes, is refused, refreshes and revokes.
import assert from 'node:assert/strict'
import { Agent } from '@atproto/api'
import { NodeOAuthClient, atprotoLoopbackClientMetadata, requestLocalLock } from '@atproto/oauth-client-node'
import { check, finish, network } from './check.mjs'
import { signIn } from './pages.mjs'

const ready = network()
const [alice, bob] = ready.accounts
const scope = 'atproto repo:com.example.note?action=create blob:image/*'
const redirect_uri = 'http://127.0.0.1:8123/callback'
const client_id = `http://localhost?redirect_uri=${encodeURIComponent(redirect_uri)}&scope=${encodeURIComponent(scope)}`

const states = new Map()
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
  stateStore: store(states),
  sessionStore: store(sessions),
})
const png = new Uint8Array(Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))

let session
let agent
let created

await check('signs in with granular scopes', async () => {
  const start = await client.authorize(alice.handle, { scope })
  const back = await signIn(start.href, { identifier: alice.handle, password: alice.password, origin: ready.url })
  ;({ session } = await client.callback(back.searchParams, { redirect_uri }))
  agent = new Agent(session)
  assert.equal(session.did, alice.did)
  const info = await session.getTokenInfo(false)
  assert.deepEqual(new Set(info.scope.split(' ')), new Set(scope.split(' ')))
})

const note = (text) => ({ $type: 'com.example.note', text, createdAt: new Date().toISOString() })

await check('creates the record it may create', async () => {
  const answer = await agent.com.atproto.repo.createRecord({
    repo: alice.did, collection: 'com.example.note', record: note('by the official client'),
  })
  created = answer.data
  const read = await fetch(`${ready.url}/xrpc/com.atproto.repo.getRecord?repo=${alice.did}&collection=com.example.note&rkey=${created.uri.split('/').pop()}`)
  assert.equal((await read.json()).value.text, 'by the official client')
})

await check('uploads the blob it may upload', async () => {
  const answer = await agent.uploadBlob(png, { encoding: 'image/png' })
  assert.equal(answer.data.blob.mimeType, 'image/png')
})

const refused = async (what, call, missing) =>
  check(`is refused ${what}`, async () => {
    await assert.rejects(call, (error) => {
      assert.equal(error.status, 403, `${error.status} ${error.error} ${error.message}`)
      if (missing) {
        assert.equal(error.error, 'ScopeMissingError')
        assert.ok(error.message.includes(`"${missing}"`), error.message)
      }
      return true
    })
  })

await refused('an update', () => agent.com.atproto.repo.putRecord({
  repo: alice.did, collection: 'com.example.note', rkey: created.uri.split('/').pop(), record: note('changed'),
}), 'repo:com.example.note?action=update')
await refused('another collection', () => agent.com.atproto.repo.createRecord({
  repo: alice.did, collection: 'com.example.other', record: { $type: 'com.example.other' },
}), 'repo:com.example.other?action=create')
await refused('a text blob', () => agent.uploadBlob(new TextEncoder().encode('text'), { encoding: 'text/plain' }), 'blob:text/plain')
await refused('service auth', () => agent.com.atproto.server.getServiceAuth({ aud: 'did:web:example.org#x', lxm: 'com.example.x' }),
  'rpc:com.example.x?aud=did:web:example.org%23x')
await refused('app passwords', () => agent.com.atproto.server.createAppPassword({ name: 'x' }))
await refused('a handle change', () => agent.com.atproto.identity.updateHandle({ handle: 'eve.test' }), 'identity:handle')

await check('refreshes and goes on', async () => {
  const before = sessions.get(alice.did).tokenSet
  await session.getTokenInfo(true)
  const after = sessions.get(alice.did).tokenSet
  assert.notEqual(before.refresh_token, after.refresh_token)
  assert.notEqual(before.access_token, after.access_token)
  await agent.com.atproto.repo.createRecord({ repo: alice.did, collection: 'com.example.note', record: note('after the refresh') })
})

await check('a second person has a session of their own', async () => {
  const start = await client.authorize(bob.handle, { scope })
  const back = await signIn(start.href, { identifier: bob.handle, password: bob.password, origin: ready.url })
  const other = (await client.callback(back.searchParams, { redirect_uri })).session
  assert.equal(other.did, bob.did)
  await assert.rejects(() => new Agent(other).com.atproto.repo.createRecord({
    repo: alice.did, collection: 'com.example.note', record: note('not mine'),
  }))
})

await check('a person who says no sends the client an error', async () => {
  const start = await client.authorize(alice.handle, { scope })
  const back = await signIn(start.href, { identifier: alice.handle, password: alice.password, origin: ready.url, decision: 'deny' })
  assert.equal(back.searchParams.get('error'), 'access_denied')
  assert.equal(back.searchParams.get('iss'), ready.url)
})

await check('revokes, and the next request fails', async () => {
  await session.signOut()
  assert.equal(sessions.has(alice.did), false)
  await assert.rejects(() => agent.com.atproto.repo.createRecord({
    repo: alice.did, collection: 'com.example.note', record: note('too late'),
  }))
})

finish('oauth-client-node')
