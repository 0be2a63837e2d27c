// Runs the reference server and a PLC directory on loopback, with two accounts, until its input ends. With the words
// `plain N` it has N accounts, and nothing of it is touched: it takes no orders.
//
// It prints one line of JSON once everything answers; then it takes orders, one a line, and answers each by a line:
//   advance SECONDS   its clock goes on by so much at once
//   tokens SECONDS    access tokens live so long from now on
//   count             how many refresh tokens have been used up, how many sessions there are, and how many refresh tokens
//                     came early: before three quarters of what the client was told had passed, and before the host
//                     would have refused the access token

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { PDS } from '@atproto/pds'
import plc from '@did-plc/server'

const [mode, count] = process.argv.slice(2)
const plain = mode === 'plain'
let ahead = 0
const RealDate = Date
if (!plain) {
  globalThis.Date = class Date extends RealDate {
    constructor(...given) {
      if (given.length > 0) super(...given)
      else super(RealDate.now() + ahead)
    }
    static now() {
      return RealDate.now() + ahead
    }
  }
}

// Both would listen on every address of the machine.
const listen = Server.prototype.listen
Server.prototype.listen = function (port, ...rest) {
  return typeof port === 'number' ? listen.call(this, { port, host: '127.0.0.1' }, ...rest) : listen.call(this, port, ...rest)
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function createAccount(url, name) {
  const account = { handle: `${name}.test`, email: `${name}@mail.test`, password: randomBytes(12).toString('hex') }
  const answer = await fetch(`${url}/xrpc/com.atproto.server.createAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  const made = await answer.json()
  if (!answer.ok) throw new Error(`createAccount: ${answer.status} ${JSON.stringify(made)}`)
  return { ...account, did: made.did }
}

const data = mkdtempSync(join(tmpdir(), 'reference-'))
process.on('exit', () => rmSync(data, { recursive: true, force: true }))
const [plcPort, port] = [await freePort(), await freePort()]
const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
await directory.start()
const secret = () => randomBytes(32).toString('hex')
Object.assign(process.env, {
  LOG_ENABLED: 'false',
  PDS_ADMIN_PASSWORD: secret(),
  PDS_BLOBSTORE_DISK_LOCATION: join(data, 'blobs'),
  PDS_BSKY_APP_VIEW_DID: 'did:example:invalid',
  PDS_BSKY_APP_VIEW_URL: 'https://appview.invalid',
  PDS_DATA_DIRECTORY: data,
  PDS_DEV_MODE: '1',
  PDS_DID_PLC_URL: `http://localhost:${plcPort}`,
  PDS_DISABLE_SSRF_PROTECTION: '1',
  PDS_DPOP_SECRET: secret(),
  PDS_HOSTNAME: 'localhost',
  PDS_INVITE_REQUIRED: 'false',
  PDS_JWT_SECRET: secret(),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(),
  PDS_PORT: String(port),
  PDS_SERVICE_HANDLE_DOMAINS: '.test',
})
const pds = await PDS.fromEnv()
const manager = pds.ctx.oauthProvider.tokenManager
const told = new Map()
let early = 0
/** Notes what a client is told of its tokens, at the moment in which it is written into the answer. */
function noting(answer) {
  const { expires_in: _, ...rest } = Object.getOwnPropertyDescriptors(answer)
  return Object.defineProperties({}, {
    ...rest,
    expires_in: {
      enumerable: true,
      get() {
        told.set(answer.refresh_token, { at: Date.now(), lives: answer.expires_in * 1000 })
        return answer.expires_in
      },
    },
  })
}
const { createToken, rotateToken } = manager
if (!plain) manager.createToken = async (...given) => noting(await createToken.apply(manager, given))
if (!plain) manager.rotateToken = async (...given) => {
  const { currentRefreshToken, data } = given[3]
  const now = Date.now()
  const { at, lives } = told.get(currentRefreshToken)
  const refused = Math.floor(data.expiresAt.getTime() / 1000) * 1000
  if (now < at + lives * 0.75 && now < refused) early += 1
  told.delete(currentRefreshToken)
  return noting(await rotateToken.apply(manager, given))
}
await pds.start()
const url = `http://localhost:${port}`
const names = ['alice', 'bob', ...Array.from({ length: Math.max(0, Number(count ?? 2) - 2) }, (_, at) => `user${at + 3}`)]
const accounts = []
for (const name of names) accounts.push(await createAccount(url, name))
console.log(JSON.stringify({ url, plc_url: `http://localhost:${plcPort}`, accounts }))

const orders = {
  async advance(seconds) {
    ahead += Number(seconds) * 1000
    return { ahead: ahead / 1000 }
  },
  async tokens(seconds) {
    manager.tokenMaxAge = Number(seconds) * 1000
    return { seconds: Number(seconds) }
  },
  async count() {
    const { db } = pds.ctx.accountManager.db
    const rows = async (table) => {
      const { count } = await db.selectFrom(table).select((row) => row.fn.countAll().as('count')).executeTakeFirst()
      return Number(count)
    }
    return { used: await rows('used_refresh_token'), sessions: await rows('token'), early }
  },
}
for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...given] = line.split(' ')
  console.log(JSON.stringify(await orders[order](...given)))
}
process.exit(0)
