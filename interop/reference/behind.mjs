// Runs stock hosts behind an entryway, and a PLC directory, on loopback, until its input ends.
//
//   node behind.mjs [HOSTS]
//
// It prints a line of JSON: the directory, and the hosts with the passwords of their operators; none of them answers yet,
// for they are told the key of the entryway. That comes as one line of JSON, the environment that the entryway prints for
// them. Then it prints {"ready":true}.

import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { PDS } from '@atproto/pds'
import plc from '@did-plc/server'

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

const secret = () => randomBytes(32).toString('hex')
const data = mkdtempSync(join(tmpdir(), 'behind-'))
process.on('exit', () => rmSync(data, { recursive: true, force: true }))
const plcPort = await freePort()
const db = plc.Database.mock()
// Its database in memory exports nothing.
db.exportOps = async () => Object.values(db.contents).flat()
const directory = plc.PlcServer.create({ db, port: plcPort })
await directory.start()
const plc_url = `http://localhost:${plcPort}`

const hosts = []
for (let number = Number(process.argv[2] ?? 1); number > 0; number -= 1) {
  const port = await freePort()
  hosts.push({ url: `http://localhost:${port}`, did: `did:web:localhost%3A${port}`, admin_password: secret(), port })
}
console.log(JSON.stringify({ plc_url, hosts }))

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const told = JSON.parse((await lines.next()).value)
for (const { port, did, admin_password } of hosts) {
  const folder = join(data, String(port))
  mkdirSync(folder)
  Object.assign(process.env, {
    ...told,
    LOG_ENABLED: process.env.LOG_ENABLED ?? 'false',
    PDS_ADMIN_PASSWORD: admin_password,
    PDS_BLOBSTORE_DISK_LOCATION: join(folder, 'blobs'),
    PDS_BSKY_APP_VIEW_DID: 'did:example:invalid',
    PDS_BSKY_APP_VIEW_URL: 'https://appview.invalid',
    PDS_DATA_DIRECTORY: folder,
    PDS_DEV_MODE: '1',
    PDS_DISABLE_SSRF_PROTECTION: '1',
    PDS_DPOP_SECRET: secret(),
    PDS_HOSTNAME: 'localhost',
    PDS_JWT_SECRET: secret(),
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(),
    PDS_PORT: String(port),
    PDS_SERVICE_DID: did,
  })
  const pds = await PDS.fromEnv()
  // Its resolver refuses plain HTTP, and so a directory on loopback, whatever the environment says.
  pds.ctx.idResolver.did.methods.get('plc').fetch = globalThis.fetch
  await pds.start()
}
console.log(JSON.stringify({ ready: true }))
await lines.next()
process.exit(0)
