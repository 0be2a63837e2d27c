// Counts what was checked, and says what did not hold.
let passed = 0
let failed = 0

export async function check(what, body) {
  try {
    await body()
    passed += 1
    console.log(`ok ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL ${what}: ${error?.stack ?? error}`)
  }
}

/** The network to talk to: the JSON line of `gatewright dev --json`, in GATEWRIGHT_READY. */
export function network() {
  return JSON.parse(process.env.GATEWRIGHT_READY ?? 'null') ?? fail('GATEWRIGHT_READY is not set')
}

function fail(message) {
  throw new Error(message)
}

export function finish(name) {
  console.log(`${name}: ${passed} passed, ${failed} failed`)
  process.exit(failed === 0 && passed > 0 ? 0 : 1)
}
