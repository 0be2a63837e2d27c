// The official agent logs in with a password and an app password, resumes, refreshes, writes and is refused.
import assert from 'node:assert/strict'
import { AtpAgent } from '@atproto/api'
import { check, finish, network } from './check.mjs'

const ready = network()
const [alice] = ready.accounts
const note = (text) => ({
  repo: alice.did, collection: 'com.example.note', record: { $type: 'com.example.note', text },
})

/** An agent that is logged in, and the events of its session. */
async function login(password, identifier = alice.handle, fetch = globalThis.fetch) {
  const events = []
  const persistSession = (event, session) => events.push([event, session])
  const agent = new AtpAgent({ service: ready.url, persistSession, fetch })
  await agent.login({ identifier, password })
  return { agent, events }
}

async function refused(call, status, name, message) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.status, error.error], [status, name], `${error.status} ${error.error} ${error.message}`)
    if (message) assert.equal(error.message, message)
    return true
  })
}

await check('logs in with handle, DID and address, by password and app password', async () => {
  for (const identifier of [alice.handle, alice.did, alice.email]) {
    for (const password of [alice.password, alice.app_password]) {
      const { agent, events } = await login(password, identifier)
      assert.equal(agent.did, alice.did)
      assert.deepEqual([agent.session.handle, agent.session.email, agent.session.active], [alice.handle, alice.email, true])
      assert.equal(events[0][0], 'create')
      assert.equal(new URL(agent.pdsUrl ?? ready.url).origin, ready.url)
    }
  }
})

await check('writes and reads', async () => {
  const { agent } = await login(alice.app_password)
  const created = (await agent.com.atproto.repo.createRecord(note('by the agent'))).data
  const rkey = created.uri.split('/').pop()
  const place = { repo: alice.did, collection: 'com.example.note', rkey }
  assert.equal((await agent.com.atproto.repo.getRecord(place)).data.value.text, 'by the agent')
  await agent.com.atproto.repo.deleteRecord(place)
  const blob = await agent.uploadBlob(new TextEncoder().encode('text'), { encoding: 'text/plain' })
  assert.equal(blob.data.blob.mimeType, 'text/plain')
  await agent.post({ text: 'hello' })
})

await check('resumes a session that it kept', async () => {
  const { agent } = await login(alice.app_password)
  const kept = JSON.parse(JSON.stringify(agent.session))
  const other = new AtpAgent({ service: ready.url })
  await other.resumeSession(kept)
  assert.equal(other.did, alice.did)
  await other.com.atproto.repo.createRecord(note('by a resumed session'))
})

await check('refreshes on ExpiredToken and tries again', async () => {
  const late = { left: 0 }
  const { agent, events } = await login(alice.app_password, alice.handle, async (...request) => {
    if (late.left === 0) return fetch(...request)
    late.left -= 1
    // What the server says when two hours have passed.
    const body = JSON.stringify({ error: 'ExpiredToken', message: 'Token has expired' })
    return new Response(body, { status: 400, headers: { 'content-type': 'application/json' } })
  })
  const before = agent.session.refreshJwt
  // Access tokens of one second are the same text, and the agent tries again with another one only.
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  late.left = 1
  await agent.com.atproto.repo.createRecord(note('after a refresh'))
  assert.equal(late.left, 0)
  assert.notEqual(agent.session.refreshJwt, before)
  assert.equal(events.at(-1)[0], 'update')
})

await check('profile and preferences of the own account', async () => {
  const { agent } = await login(alice.password)
  assert.equal((await agent.getProfile({ actor: alice.did })).data.handle, alice.handle)
  await agent.setPersonalDetails({ birthDate: new Date('1990-01-01T00:00:00Z').toISOString() })
  await agent.setAdultContentEnabled(true)
  const own = await agent.getPreferences()
  assert.equal(own.birthDate?.getFullYear(), 1990)
  const { agent: bot } = await login(alice.app_password)
  const seen = await bot.getPreferences()
  assert.equal(seen.birthDate, undefined)
  assert.equal(seen.moderationPrefs.adultContentEnabled, true)
})

await check('makes, lists and revokes app passwords', async () => {
  const { agent } = await login(alice.password)
  const made = (await agent.com.atproto.server.createAppPassword({ name: 'agent', privileged: true })).data
  assert.match(made.password, /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/)
  const { agent: bot, events } = await login(made.password)
  const listed = (await agent.com.atproto.server.listAppPasswords()).data.passwords
  assert.ok(listed.some((row) => row.name === 'agent' && row.privileged))
  await refused(() => bot.com.atproto.server.listAppPasswords(), 400, 'InvalidToken', 'Bad token scope')
  await agent.com.atproto.server.revokeAppPassword({ name: 'agent' })
  await assert.rejects(() => bot.com.atproto.repo.createRecord(note('out')))
  assert.equal(events.at(-1)[0], 'expired', 'it tried to refresh, and learned that it is over')
})

await check('is refused with a wrong password', async () => {
  await refused(() => login('wrong'), 401, 'AuthenticationRequired', 'Invalid identifier or password')
})

await check('logs out', async () => {
  const { agent } = await login(alice.app_password)
  const { accessJwt } = agent.session
  await agent.logout()
  const answer = await fetch(`${ready.url}/xrpc/com.atproto.server.getSession`, {
    headers: { authorization: `Bearer ${accessJwt}` },
  })
  assert.deepEqual([answer.status, (await answer.json()).error], [400, 'ExpiredToken'])
})

finish('atp-agent')
