// The official MCP client lists and calls every tool over HTTP and on standard input, and signs in with nothing but the URL.
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { check, finish, network } from './check.mjs'
import { signIn } from './pages.mjs'

const ready = network()
const [alice, bob] = ready.accounts
const TOOLS = [
  'create_record', 'delete_record', 'describe_repo', 'explain_scope', 'get_record', 'identity_history', 'list_records',
  'my_grants', 'query', 'update_record', 'upload_blob', 'whoami',
]

async function connect(transport) {
  const client = new Client({ name: 'interop', version: '1' })
  await client.connect(transport)
  return client
}

function over_http(headers = {}, url = ready.mcp_url, authProvider) {
  return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers }, authProvider })
}

function on_stdio(env) {
  const base = { PATH: process.env.PATH, GATEWRIGHT_PLC: ready.plc_url }
  return new StdioClientTransport({ command: process.env.GATEWRIGHT_PROGRAM, args: ['mcp'], env: { ...base, ...env } })
}

const headers = ({ handle, app_password }) => ({ 'x-atproto-handle': handle, 'x-atproto-password': app_password })

/** What a tool answers; text and structure say the same. */
async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args })
  if (result.isError) throw new Error(result.content[0].text)
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent.result ?? result.structuredContent)
  return result.structuredContent
}

/** Calls each tool as this account, in one order that makes sense. */
async function every_tool(client, account) {
  assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name).sort(), TOOLS)
  assert.deepEqual(await call(client, 'whoami'), { handle: account.handle, did: account.did })
  const made = await call(client, 'create_record', {
    collection: 'com.example.note', record: { text: 'by a tool', langs: ['en'], extra: null },
  })
  assert.ok(made.uri.startsWith(`at://${account.did}/com.example.note/`) && made.cid)
  const whole = await call(client, 'get_record', { uri: made.uri })
  assert.equal(whole.value.$type, 'com.example.note')
  assert.ok(whole.value.createdAt)
  const proven = await call(client, 'get_record', { uri: made.uri, verify: true })
  assert.equal(proven.verification.verified, true)
  assert.equal(proven.cid, whole.cid)
  const short = made.uri.split('/').slice(-2).join('/')
  const updated = await call(client, 'update_record', { uri: short, updates: { text: 'changed' } })
  assert.notEqual(updated.cid, made.cid)
  const page = await call(client, 'list_records', { collection: 'com.example.note', repo: account.did, limit: 1 })
  assert.equal(page.results[0].value.text, 'changed')
  assert.equal(page.results[0].value.$type, undefined, 'values are shortened')
  const selected = await call(client, 'list_records', {
    collection: 'com.example.note', repo: account.did, select: '.[] | .value.text',
  })
  assert.equal(selected.results[0], 'changed')
  const blob = await call(client, 'upload_blob', { data: Buffer.from('some text').toString('base64'), mime_type: 'text/plain' })
  assert.equal(blob.blob.mimeType, 'text/plain')
  assert.deepEqual(await call(client, 'delete_record', { uri: made.uri }), { deleted: made.uri })
  await assert.rejects(call(client, 'delete_record', { uri: made.uri }), /no record at/)
  const described = await call(client, 'describe_repo', { repo: account.did })
  assert.equal(described.handle, account.handle)
  const history = await call(client, 'identity_history', { repo: account.did })
  assert.equal(history.chain_verified, true)
  const asked = await call(client, 'query', { nsid: 'com.atproto.repo.describeRepo', params: { repo: account.did }, repo: account.did })
  assert.equal(asked.did, account.did)
  const explained = await call(client, 'explain_scope', { scope: 'repo:com.example.note?action=create' })
  assert.deepEqual(explained.scopes[0].sentences, ['Create com.example.note records'])
  assert.equal((await call(client, 'my_grants')).did, account.did)
}

await check('every tool over HTTP, for two accounts at once', async () => {
  const clients = await Promise.all([alice, bob].map((account) => connect(over_http(headers(account)))))
  await Promise.all(clients.map((client, index) => every_tool(client, [alice, bob][index])))
  await Promise.all(clients.map((client) => client.close()))
})

await check('every tool on standard input', async () => {
  const client = await connect(on_stdio({
    ATPROTO_HANDLE: alice.did, ATPROTO_PASSWORD: alice.app_password, ATPROTO_REPO: alice.did,
  }))
  await every_tool(client, alice)
  assert.ok((await call(client, 'list_records', { collection: 'com.example.note' })).results)
  await client.close()
})

await check('nobody in particular reads, and is told how to write', async () => {
  const client = await connect(over_http())
  assert.equal((await call(client, 'describe_repo', { repo: bob.did })).did, bob.did)
  for (const [name, args, doing] of [
    ['create_record', { collection: 'com.example.note', record: {} }, 'creating a record'],
    ['update_record', { uri: 'com.example.note/x', updates: {} }, 'updating a record'],
    ['delete_record', { uri: 'com.example.note/x' }, 'deleting a record'],
    ['whoami', {}, 'checking identity'],
  ]) {
    await assert.rejects(call(client, name, args), (error) => {
      assert.ok(error.message.includes(`${doing} requires authentication`), error.message)
      assert.ok(error.message.includes('x-atproto-handle') && error.message.includes('mcpServers'))
      return true
    })
  }
  await assert.rejects(call(client, 'list_records', { collection: 'com.example.note' }), /repo parameter is required/)
  assert.equal((await call(client, 'query', { nsid: 'nonsense' })).error, 'invalid_nsid')
  for (const host of ['localhost', ready.url, '169.254.169.254', '127.0.0.1']) {
    await assert.rejects(call(client, 'query', { nsid: 'com.atproto.sync.listRepos', host }), /refusing to query non-public host/)
  }
  await client.close()
})

await check('resources and prompts', async () => {
  const client = await connect(over_http(headers(alice)))
  assert.deepEqual((await client.listPrompts()).prompts.map(({ name }) => name).sort(), ['create_post_guide', 'usage_guide'])
  assert.ok((await client.getPrompt({ name: 'usage_guide' })).messages[0].content.text.includes('list_records'))
  for (const uri of ['gatewright://me', 'pdsx://me']) {
    assert.equal((await client.readResource({ uri })).contents[0].text, `authenticated as ${alice.handle} (${alice.did})`)
  }
  await client.close()
  const nobody = await connect(over_http())
  const me = (await nobody.readResource({ uri: 'pdsx://me' })).contents[0].text
  assert.equal(me, 'not authenticated - set x-atproto-handle and x-atproto-password headers')
  await nobody.close()
})

await check('credentials that are not taken are refused in words', async () => {
  const cases = [
    [{ 'x-atproto-handle': alice.handle }, /half|both|x-atproto-password/i],
    [{ ...headers(alice), 'x-atproto-password': alice.password }, /app password/i],
    [{ ...headers(alice), 'x-atproto-password': 'aaaa-bbbb-cccc-dddd' }, /password/i],
    [{ ...headers(alice), 'x-atproto-pds-url': 'https://pds.example.com' }, /host/i],
    [{ ...headers(alice), 'x-atproto-pds-url': 'http://10.0.0.1' }, /host|address|public/i],
  ]
  for (const [sent, expected] of cases) {
    const client = await connect(over_http(sent))
    await assert.rejects(call(client, 'whoami'), (error) => {
      assert.match(error.message, expected)
      assert.ok(!error.message.includes(alice.password) && !error.message.includes(alice.app_password), error.message)
      return true
    })
    await client.close()
  }
})

/** Keeps what an MCP client keeps, and goes through the pages as a person does. */
class Person {
  constructor(account) {
    this.account = account
    this.seen = []
  }
  get redirectUrl() {
    return 'http://127.0.0.1:4711/callback'
  }
  get clientMetadata() {
    return { client_name: 'Interop', redirect_uris: [this.redirectUrl], token_endpoint_auth_method: 'none' }
  }
  clientInformation() { return this.client }
  saveClientInformation(client) { this.client = client }
  tokens() { return this.kept }
  saveTokens(tokens) { this.kept = tokens }
  saveCodeVerifier(verifier) { this.verifier = verifier }
  codeVerifier() { return this.verifier }
  async redirectToAuthorization(url) {
    this.seen.push(url.searchParams.get('scope'))
    const own = new URL(ready.mcp_url).origin
    const cookies = new Map()
    const person = { identifier: this.account.handle, password: this.account.password }
    const host = await signIn(url.href, { ...person, origin: own, cookies })
    assert.equal(host.origin, ready.url)
    const back = await signIn(host.href, { ...person, origin: ready.url })
    assert.equal(back.origin, own)
    const client = await signIn(back.href, { ...person, origin: own, cookies })
    assert.equal(client.origin + client.pathname, this.redirectUrl)
    assert.equal(client.searchParams.get('iss'), own)
    this.code = client.searchParams.get('code')
  }
}

const account_url = `${ready.mcp_url}/account`

/** Signs in with nothing but the URL. */
async function sign_in(person) {
  const transport = over_http({}, account_url, person)
  await assert.rejects(connect(transport), UnauthorizedError)
  await transport.finishAuth(person.code)
  return connect(over_http({}, account_url, person))
}

await check('signs in with nothing but the URL, and asks for more when a tool needs it', async () => {
  const person = new Person(bob)
  const client = await sign_in(person)
  assert.deepEqual(await call(client, 'whoami'), { handle: bob.handle, did: bob.did })
  assert.deepEqual((await call(client, 'my_grants')).scope, 'atproto')
  assert.equal(person.kept.scope, 'atproto')
  assert.equal(person.kept.token_type.toLowerCase(), 'bearer')
  const before = person.kept.access_token
  // A read-only client has no token that writes: the tool says which scope, and the upgrade begins.
  await assert.rejects(client.callTool({ name: 'create_record', arguments: { collection: 'com.example.note', record: {} } }))
  assert.equal(person.seen.at(-1), 'atproto repo:*?action=create')
  const transport = over_http({}, account_url, person)
  await transport.finishAuth(person.code)
  assert.notEqual(person.kept.access_token, before)
  const wider = await connect(transport)
  const made = await call(wider, 'create_record', { collection: 'com.example.note', record: { text: 'granted' } })
  assert.ok(made.uri.startsWith(`at://${bob.did}/`))
  await wider.close()
  await client.close()
})

await check('a token is good here alone, and ends when it is revoked', async () => {
  const person = new Person(alice)
  const client = await sign_in(person)
  await client.close()
  const token = person.kept.access_token
  const bearer = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const ask = (headers) => fetch(account_url, {
    method: 'POST', headers,
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {
      protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } } }),
  })
  assert.equal((await ask(bearer)).status, 200)
  const own = new URL(ready.mcp_url).origin
  const ended = await fetch(`${own}/oauth/revoke`, { method: 'POST', body: new URLSearchParams({ token }) })
  assert.equal(ended.status, 200)
  const refused = await ask(bearer)
  assert.equal(refused.status, 401)
  const challenge = refused.headers.get('www-authenticate')
  assert.match(challenge, /error="invalid_token"/)
  const [, where] = challenge.match(/resource_metadata="([^"]+)"/)
  const resource = await (await fetch(where)).json()
  assert.equal(resource.resource, account_url)
  assert.deepEqual(resource.authorization_servers, [own])
  // A token of the host is none of ours.
  const session = await (await fetch(`${ready.url}/xrpc/com.atproto.server.createSession`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: alice.did, password: alice.app_password }),
  })).json()
  const foreign = await fetch(`${ready.url}/xrpc/com.atproto.server.getServiceAuth?aud=did:web:elsewhere.example.com&lxm=com.atproto.repo.createRecord`, {
    headers: { authorization: `Bearer ${session.accessJwt}` },
  })
  if (foreign.ok) {
    const { token: other } = await foreign.json()
    assert.notEqual((await ask({ ...bearer, authorization: `Bearer ${other}` })).status, 200)
  }
})

await check('requests that are not in order are refused, at the place that the protocol has for it', async () => {
  const own = new URL(ready.mcp_url).origin
  const register = (metadata) => fetch(`${own}/oauth/register`, { method: 'POST', body: JSON.stringify(metadata) })
  for (const uri of ['http://app.example.com/cb', 'javascript:alert(1)', 'https://app.example.com/cb#x']) {
    const refused = await register({ redirect_uris: [uri] })
    assert.deepEqual([refused.status, (await refused.json()).error], [400, 'invalid_redirect_uri'], uri)
  }
  const redirect_uri = 'http://127.0.0.1:4711/callback'
  const { client_id } = await (await register({ client_name: '<b>Notes', redirect_uris: [redirect_uri] })).json()
  const good = {
    response_type: 'code', client_id, redirect_uri, state: 's', scope: 'atproto',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256', resource: ready.mcp_url,
  }
  const ask = (changed) =>
    fetch(`${own}/oauth/authorize?${new URLSearchParams({ ...good, ...changed })}`, { redirect: 'manual' })
  const page = await (await ask({})).text()
  assert.ok(page.includes('&#60;b&#62;Notes') && !page.includes('<b>Notes'), 'a name is text')
  for (const [changed, status] of [[{ client_id: 'nobody' }, 400], [{ redirect_uri: 'https://evil.example.com/' }, 400]]) {
    assert.equal((await ask(changed)).status, status, 'nobody is sent anywhere')
  }
  for (const [changed, error] of [
    [{ scope: 'identity:*' }, 'invalid_scope'],
    [{ resource: 'https://elsewhere.example.com/mcp' }, 'invalid_target'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge: 'short' }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
  ]) {
    const answer = await ask(changed)
    const back = new URL(answer.headers.get('location'))
    assert.deepEqual([answer.status, back.searchParams.get('error'), back.searchParams.get('state'), back.searchParams.get('iss')], [303, error, 's', own])
  }
  const exchange = (fields) => fetch(`${own}/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) })
  const none = await exchange({ grant_type: 'authorization_code', code: 'x', client_id, redirect_uri, code_verifier: 'x'.repeat(43) })
  assert.deepEqual([none.status, (await none.json()).error], [400, 'invalid_grant'])
  // A form of another site begins nothing.
  const foreign = await fetch(`${own}/oauth/authorize`, {
    method: 'POST', redirect: 'manual', headers: { origin: 'https://evil.example.com' },
    body: new URLSearchParams({ ...good, identifier: alice.handle, decision: 'approve' }),
  })
  assert.equal(foreign.status, 403)
  // A code is good once, and for who began.
  const person = new Person(alice)
  await assert.rejects(connect(over_http({}, account_url, person)), UnauthorizedError)
  const fields = {
    grant_type: 'authorization_code', code: person.code, client_id: person.client.client_id,
    redirect_uri: person.redirectUrl, code_verifier: 'y'.repeat(43),
  }
  for (const code_verifier of ['y'.repeat(43), person.verifier]) {
    const refused = await exchange({ ...fields, code_verifier })
    assert.deepEqual([refused.status, (await refused.json()).error], [400, 'invalid_grant'], 'a wrong verifier uses it up')
  }
})

await check('a page from elsewhere and another host name are refused', async () => {
  const ask = (headers) => fetch(ready.mcp_url, {
    method: 'POST', body: '{}', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
  })
  assert.equal((await ask({ origin: 'https://evil.example.com' })).status, 403)
})

finish('mcp')
