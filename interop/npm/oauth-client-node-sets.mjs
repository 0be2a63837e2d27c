// The official Node client asks for a permission set: the token has what the set contains, and no `include:`.
import assert from 'node:assert/strict'
import { Agent } from '@atproto/api'
import { NodeOAuthClient, atprotoLoopbackClientMetadata, requestLocalLock } from '@atproto/oauth-client-node'
import { check, finish, network } from './check.mjs'
import { signIn } from './pages.mjs'

const ready = network()
const [alice] = ready.accounts
const scope = 'atproto blob:*/* include:fm.plyr.authFullApp'
const redirect_uri = 'http://127.0.0.1:8123/callback'
const client_id = `http://localhost?redirect_uri=${encodeURIComponent(redirect_uri)}&scope=${encodeURIComponent(scope)}`
const collections = ['fm.plyr.actor.profile', 'fm.plyr.comment', 'fm.plyr.like', 'fm.plyr.list', 'fm.plyr.track']

const memory = () => {
  const map = new Map()
  return {
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    del: async (key) => void map.delete(key),
  }
}
const client = new NodeOAuthClient({
  clientMetadata: atprotoLoopbackClientMetadata(client_id),
  allowHttp: true,
  plcDirectoryUrl: ready.plc_url,
  handleResolver: ready.url,
  requestLock: requestLocalLock,
  stateStore: memory(),
  sessionStore: memory(),
})

let session
let agent

/** What the token says, as the set of (collection, action) pairs it may write. */
const granted = async (refresh) => {
  const { scope } = await session.getTokenInfo(refresh)
  assert.ok(!scope.includes('include:'), scope)
  const tokens = scope.split(' ')
  assert.ok(tokens.includes('atproto') && tokens.includes('blob:*/*'), scope)
  const repo = tokens.filter((token) => token.startsWith('repo'))
  return repo.flatMap((token) => {
    const [head, query = ''] = token.split('?')
    const named = head.startsWith('repo:') ? [head.slice('repo:'.length)] : []
    return [...named, ...new URLSearchParams(query).getAll('collection')]
  }).sort()
}

await check('signs in with a permission set', async () => {
  const start = await client.authorize(alice.handle, { scope })
  const back = await signIn(start.href, { identifier: alice.handle, password: alice.password, origin: ready.url })
  ;({ session } = await client.callback(back.searchParams, { redirect_uri }))
  agent = new Agent(session)
  assert.deepEqual(await granted(false), collections)
})

const create = (collection) => agent.com.atproto.repo.createRecord({
  repo: alice.did, collection, record: { $type: collection, createdAt: new Date().toISOString() },
})

for (const collection of collections) {
  await check(`writes ${collection}`, () => create(collection))
}

await check('is refused outside the set', async () => {
  for (const collection of ['fm.plyr.other', 'fm.teal.feed.play', 'app.bsky.feed.post']) {
    await assert.rejects(() => create(collection), (error) => {
      assert.equal(error.status, 403, `${error.status} ${error.error} ${error.message}`)
      assert.equal(error.error, 'ScopeMissingError')
      assert.ok(error.message.includes(`"repo:${collection}?action=create"`), error.message)
      return true
    })
  }
})

await check('has the same after a refresh', async () => {
  assert.deepEqual(await granted(true), collections)
  await create('fm.plyr.track')
})

finish('oauth-client-node-sets')
