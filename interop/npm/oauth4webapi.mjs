// A general OAuth client does PAR, code and refresh by the RFCs.
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { check, finish, network } from './check.mjs'
import { signIn } from './pages.mjs'

const ready = network()
const [alice] = ready.accounts
const scope = 'atproto repo:com.example.note'
const redirect_uri = 'http://127.0.0.1:8124/callback'
const client = {
  client_id: `http://localhost?redirect_uri=${encodeURIComponent(redirect_uri)}&scope=${encodeURIComponent(scope)}`,
  token_endpoint_auth_method: 'none',
}
const none = oauth.None()
const plain = { [oauth.allowInsecureRequests]: true }

/** Repeats a request once when the server asks for its nonce. */
async function withNonce(send, read) {
  try {
    return await read(await send())
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return read(await send())
  }
}

let server
await check('discovers the server (RFC 8414)', async () => {
  const issuer = new URL(ready.url)
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain })
  server = await oauth.processDiscoveryResponse(issuer, answer)
  assert.equal(server.issuer, ready.url)
})

await check('finds it from the protected resource (RFC 9728)', async () => {
  const resource = new URL(ready.url)
  const answer = await oauth.resourceDiscoveryRequest(resource, plain)
  const metadata = await oauth.processResourceDiscoveryResponse(resource, answer)
  assert.deepEqual(metadata.authorization_servers, [ready.url])
})

const keys = await oauth.generateKeyPair('ES256')
const DPoP = oauth.DPoP(client, keys)
const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
let tokens

await check('pushes a request and exchanges the code (RFC 9126, 7636, 9449, 9207)', async () => {
  const parameters = new URLSearchParams({
    response_type: 'code', redirect_uri, scope, state, login_hint: alice.handle,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  })
  const pushed = await withNonce(
    () => oauth.pushedAuthorizationRequest(server, client, none, parameters, { DPoP, ...plain }),
    (answer) => oauth.processPushedAuthorizationResponse(server, client, answer),
  )
  const start = new URL(server.authorization_endpoint)
  start.searchParams.set('client_id', client.client_id)
  start.searchParams.set('request_uri', pushed.request_uri)
  const back = await signIn(start.href, { identifier: alice.handle, password: alice.password, origin: ready.url })
  const params = oauth.validateAuthResponse(server, client, back, state)
  tokens = await withNonce(
    () => oauth.authorizationCodeGrantRequest(server, client, none, params, redirect_uri, verifier, { DPoP, ...plain }),
    (answer) => oauth.processAuthorizationCodeResponse(server, client, answer),
  )
  assert.equal(tokens.sub, alice.did)
  assert.equal(tokens.token_type, 'dpop')
  assert.ok(tokens.expires_in <= 900)
})

const call = (token) => oauth.protectedResourceRequest(
  token, 'GET', new URL('/xrpc/com.atproto.server.getSession', ready.url), new Headers(), null, { DPoP, ...plain })
const session = (token) => withNonce(() => call(token), async (answer) => {
  if (answer.status === 401) throw new oauth.WWWAuthenticateChallengeError('refused', { cause: [], response: answer })
  return answer.json()
})

await check('reads with a proof', async () => {
  const answer = await call(tokens.access_token).catch(() => call(tokens.access_token))
  assert.equal(answer.status, 200)
  assert.equal((await answer.json()).did, alice.did)
})

await check('refreshes (RFC 6749 section 6)', async () => {
  const next = await withNonce(
    () => oauth.refreshTokenGrantRequest(server, client, none, tokens.refresh_token, { DPoP, ...plain }),
    (answer) => oauth.processRefreshTokenResponse(server, client, answer),
  )
  assert.notEqual(next.refresh_token, tokens.refresh_token)
  tokens = next
  const answer = await call(tokens.access_token)
  assert.equal(answer.status, 200)
})

await check('revokes (RFC 7009), and the next read is refused', async () => {
  const form = new URLSearchParams({ token: tokens.refresh_token, client_id: client.client_id })
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' })
    const url = new URL(server.revocation_endpoint)
    await DPoP.addProof(url, headers, 'POST')
    const answer = await fetch(url, { method: 'POST', headers, body: form })
    DPoP.cacheNonce(answer, url)
    if (attempt === 1 || answer.ok) assert.equal(answer.status, 200)
    if (answer.ok) break
  }
  await assert.rejects(() => session(tokens.access_token))
})

finish('oauth4webapi')
