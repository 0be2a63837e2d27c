// The reference's own verification takes the tokens that accounts sign here: asked for, and sent with calls that go on.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { Agent } from '@atproto/api'
import { NodeOAuthClient, atprotoLoopbackClientMetadata, requestLocalLock } from '@atproto/oauth-client-node'
import { verifyJwt } from '@atproto/xrpc-server'
import { check, finish, network } from './check.mjs'
import { signIn } from './pages.mjs'

const ready = network()
const [alice] = ready.accounts
const lxm = 'com.example.notes.list'

// A service of ours on a free port: it publishes who it is, and keeps the last call.
let last
const service = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  if (request.url === '/.well-known/did.json') return response.end(JSON.stringify(document))
  last = { url: request.url, headers: request.headers }
  response.end(JSON.stringify({ notes: ['Buy milk'] }))
})
await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve))
const { port } = service.address()
const did = `did:web:localhost%3A${port}`
const document = {
  id: did,
  service: [{ id: '#notes', type: 'Notes', serviceEndpoint: `http://localhost:${port}` }],
}

const scope = `atproto rpc:${lxm}?aud=${did.replace('%', '%25')}%23notes`
const redirect_uri = 'http://127.0.0.1:8124/callback'
const client_id = `http://localhost?redirect_uri=${encodeURIComponent(redirect_uri)}&scope=${encodeURIComponent(scope)}`
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
  sessionStore: store(new Map()),
})

/** The key of the DID document that the directory has, as verifyJwt wants it. */
async function signingKey(iss) {
  const answer = await fetch(`${ready.plc_url}/${iss}`)
  const { verificationMethod } = await answer.json()
  return `did:key:${verificationMethod.find((method) => method.id.endsWith('#atproto')).publicKeyMultibase}`
}

let agent
await check('signs in with a permission to call one method of one service', async () => {
  const start = await client.authorize(alice.handle, { scope })
  const back = await signIn(start.href, { identifier: alice.handle, password: alice.password, origin: ready.url })
  agent = new Agent((await client.callback(back.searchParams, { redirect_uri })).session)
})

await check('a token that was asked for is good for its service and method', async () => {
  const { data } = await agent.com.atproto.server.getServiceAuth({ aud: `${did}#notes`, lxm })
  const payload = await verifyJwt(data.token, `${did}#notes`, lxm, signingKey)
  assert.equal(payload.iss, alice.did)
  await assert.rejects(() => verifyJwt(data.token, did, lxm, signingKey), { customErrorName: 'BadJwtAudience' })
  await assert.rejects(() => verifyJwt(data.token, `${did}#notes`, 'com.example.notes.add', signingKey), {
    customErrorName: 'BadJwtLexiconMethod',
  })
})

await check('a call that goes on carries one of its own', async () => {
  const proxied = agent.withProxy('notes', did)
  const answer = await proxied.fetchHandler(`/xrpc/${lxm}?limit=1`, { method: 'GET' })
  assert.equal(answer.status, 200)
  assert.deepEqual(await answer.json(), { notes: ['Buy milk'] })
  assert.equal(last.url, `/xrpc/${lxm}?limit=1`)
  assert.equal(last.headers.dpop, undefined)
  const token = last.headers.authorization.replace('Bearer ', '')
  assert.equal((await verifyJwt(token, did, lxm, signingKey)).iss, alice.did)
})

await check('no other method goes on', async () => {
  const proxied = agent.withProxy('notes', did)
  last = undefined
  const answer = await proxied.fetchHandler('/xrpc/com.example.notes.add', { method: 'POST' })
  assert.equal(answer.status, 403)
  assert.equal((await answer.json()).error, 'ScopeMissingError')
  assert.equal(last, undefined)
})

service.close()
finish('service-auth')
