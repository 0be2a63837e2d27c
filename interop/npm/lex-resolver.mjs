// The official lexicon resolver finds the sets that the network publishes, by a proof check of its own.
// Only DNS is ours: which account publishes the lexicons of a domain.
import assert from 'node:assert/strict'
import { LexResolver } from '@atproto/lex-resolver'
import { check, finish, network } from './check.mjs'

const ready = network()
const answer = await fetch(`${ready.url}/xrpc/com.atproto.identity.resolveHandle?handle=lexicons.test`)
const { did } = await answer.json()
const resolver = new LexResolver({
  plcDirectoryUrl: ready.plc_url,
  allowHttp: true,
  hooks: { onResolveAuthority: () => did },
})

await check('resolves the set of a real app', async () => {
  const { uri, cid, lexicon } = await resolver.get('fm.plyr.authFullApp')
  assert.equal(uri.toString(), `at://${did}/com.atproto.lexicon.schema/fm.plyr.authFullApp`)
  assert.equal(lexicon.defs.main.type, 'permission-set')
  assert.equal(lexicon.defs.main.title, 'Full plyr.fm Access')
  assert.deepEqual(lexicon.defs.main.permissions, [{
    type: 'permission',
    resource: 'repo',
    action: ['create', 'update', 'delete'],
    collection: ['fm.plyr.track', 'fm.plyr.like', 'fm.plyr.comment', 'fm.plyr.list', 'fm.plyr.actor.profile'],
  }])
  const query = new URLSearchParams({ repo: did, collection: 'com.atproto.lexicon.schema', rkey: 'fm.plyr.authFullApp' })
  const record = await fetch(`${ready.url}/xrpc/com.atproto.repo.getRecord?${query}`)
  assert.equal((await record.json()).cid, cid.toString())
})

await check('resolves a set with a permission to call a service, in two languages', async () => {
  const { lexicon } = await resolver.get('com.example.notes.authBasic')
  const { main } = lexicon.defs
  assert.equal(main['title:lang'].de, 'Notizen')
  assert.deepEqual(main.permissions[1],
    { type: 'permission', resource: 'rpc', lxm: ['com.example.notes.search'], inheritAud: true })
})

await check('is told that there is no such set', async () => {
  await assert.rejects(() => resolver.get('fm.plyr.authNothing'), { name: 'LexResolverError' })
})

await check('refuses the proof of another account', async () => {
  const other = new LexResolver({
    plcDirectoryUrl: ready.plc_url,
    allowHttp: true,
    hooks: { onResolveAuthority: () => ready.accounts[0].did },
  })
  await assert.rejects(() => other.get('fm.plyr.authFullApp'), { name: 'LexResolverError' })
})

finish('lex-resolver')
