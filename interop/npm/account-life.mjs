// The official agent looks after an account: a new password, a confirmed and another address, the end of it.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AtpAgent } from '@atproto/api'
import { check, finish, network } from './check.mjs'

const ready = network()
const [alice] = ready.accounts
const server = (agent) => agent.com.atproto.server

async function login(password) {
  const agent = new AtpAgent({ service: ready.url })
  await agent.login({ identifier: alice.did, password })
  return agent
}

/** The code of the newest message to this address, once there is one more than before. */
let seen = 0
async function mailedCode(to) {
  for (let tries = 0; tries < 100; tries++) {
    const names = await readdir(path.join(ready.data, 'mail')).catch(() => [])
    if (names.length > seen) {
      seen = names.length
      const text = await readFile(path.join(ready.data, 'mail', names.sort().at(-1)), 'utf8')
      assert.match(text, new RegExp(`^To: ${to}$`, 'm'))
      return text.match(/^([a-z2-7]{5}-[a-z2-7]{5})$/m)?.[1]
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('no message came')
}

async function refused(call, name) {
  await assert.rejects(call, (error) => (assert.equal(error.error, name, error.message), true))
}

await check('sets a new password, and whoever was signed in is out', async () => {
  const before = await login(alice.password)
  const nobody = new AtpAgent({ service: ready.url })
  await server(nobody).requestPasswordReset({ email: 'nobody@mail.test' })
  await server(nobody).requestPasswordReset({ email: alice.email })
  const token = await mailedCode(alice.email)
  await refused(() => server(nobody).resetPassword({ token: 'abcde-23456', password: 'a new password' }), 'InvalidToken')
  await server(nobody).resetPassword({ token, password: 'a new password' })
  await mailedCode(alice.email)
  await refused(() => server(before).getSession(), 'ExpiredToken')
  await refused(() => login(alice.password), 'AuthenticationRequired')
  await login('a new password')
  await login(alice.app_password)
})

await check('confirms an address, and changes it', async () => {
  const agent = await login('a new password')
  assert.equal(agent.session.emailConfirmed, false)
  await server(agent).requestEmailConfirmation()
  await server(agent).confirmEmail({ email: alice.email, token: await mailedCode(alice.email) })
  assert.equal((await server(agent).getSession()).data.emailConfirmed, true)
  const { tokenRequired } = (await server(agent).requestEmailUpdate()).data
  assert.equal(tokenRequired, true)
  const token = await mailedCode(alice.email)
  await refused(() => server(agent).updateEmail({ email: 'new@mail.test' }), 'TokenRequired')
  await server(agent).updateEmail({ email: 'new@mail.test', token })
  await mailedCode(alice.email)
  const session = (await server(agent).getSession()).data
  assert.deepEqual([session.email, session.emailConfirmed], ['new@mail.test', false])
})

await check('deletes an account, and nothing of it is left', async () => {
  const agent = await login('a new password')
  const { uri } = await agent.post({ text: 'the last one' })
  await server(agent).requestAccountDelete()
  const token = await mailedCode('new@mail.test')
  await refused(() => server(agent).deleteAccount({ did: alice.did, password: 'wrong', token }), 'AuthenticationRequired')
  await server(agent).deleteAccount({ did: alice.did, password: 'a new password', token })
  await refused(() => login('a new password'), 'AuthenticationRequired')
  await refused(() => login(alice.app_password), 'AuthenticationRequired')
  const [, , repo, collection, rkey] = uri.split('/')
  await assert.rejects(() => agent.com.atproto.repo.getRecord({ repo, collection, rkey }))
  await assert.rejects(() => agent.com.atproto.sync.getRepo({ did: alice.did }))
})

finish('account-life.mjs')
