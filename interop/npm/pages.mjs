// Goes through Gatewright's pages as a browser without JavaScript does: cookies, plain forms, 303s.

/**
 * Opens `start`, signs in, answers the consent page and returns the URL of the client that the browser is sent to.
 * @param {string} start the authorization URL
 * @param {{identifier: string, password: string, decision?: 'approve' | 'deny', origin: string, cookies?: Map<string, string>}} person
 * @returns {Promise<URL>}
 */
export async function signIn(start, { identifier, password, decision = 'approve', origin, cookies = new Map() }) {
  let step = await open(new URL(start), cookies, origin, { site: 'none' })
  for (let page = 0; page < 10; page += 1) {
    if (step.left) return step.left
    const forms = formsOf(step.html)
    const password_form = forms.find((form) => form.fields.some((f) => f.name === 'password'))
    const consent_form = forms.find((form) => form.fields.some((f) => f.name === 'decision'))
    if (password_form) {
      if (page > 0 && step.status >= 400) throw new Error(`the sign-in was refused: ${step.status}`)
      step = await submit(step.url, password_form, cookies, origin, { identifier, password })
    } else if (consent_form) {
      step = await submit(step.url, consent_form, cookies, origin, { decision, identifier })
    } else {
      throw new Error(`no form to fill in at ${step.url.pathname} (${step.status}): ${step.html.slice(0, 400)}`)
    }
  }
  throw new Error('the pages never came to an end')
}

async function submit(base, form, cookies, origin, answers) {
  const body = new URLSearchParams()
  for (const field of form.fields) {
    if (field.type === 'submit' || field.tag === 'button') continue
    if (field.type === 'checkbox' && !field.checked) continue
    body.append(field.name, answers[field.name] ?? field.value)
  }
  if (answers.decision) body.append('decision', answers.decision)
  return open(new URL(form.action || base, base), cookies, origin, { site: 'same-origin', body, referer: base })
}

async function open(url, cookies, origin, { site, body, referer }) {
  for (let hop = 0; hop < 10; hop += 1) {
    if (url.origin !== origin) return { left: url }
    const headers = {
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-site': site,
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(body ? { origin, 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...(referer ? { referer: referer.href } : {}),
    }
    const answer = await raw(url, { method: body ? 'POST' : 'GET', headers, body: body?.toString() })
    for (const line of answer.cookies) {
      const [pair] = line.split(';')
      const at = pair.indexOf('=')
      cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    if (![301, 302, 303, 307, 308].includes(answer.status)) return { url, status: answer.status, html: answer.text }
    if (answer.status !== 303) throw new Error(`a redirect must be a 303, this is a ${answer.status}`)
    referer = undefined
    body = undefined
    url = new URL(answer.location, url)
  }
  throw new Error('too many redirects')
}

// `fetch` may not set Sec-Fetch-*, so this speaks HTTP itself.
async function raw(url, { method, headers, body }) {
  const http = await import('node:http')
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      { method, headers: { ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) } },
      (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            location: response.headers.location,
            cookies: response.headers['set-cookie'] ?? [],
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

function formsOf(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, inside]) => ({
    action: attribute(head, 'action'),
    fields: [...inside.matchAll(/<(input|button)\b([^>]*)>/gi)]
      .map(([, tag, head]) => ({
        tag: tag.toLowerCase(),
        name: attribute(head, 'name'),
        type: attribute(head, 'type') || (tag.toLowerCase() === 'button' ? 'submit' : 'text'),
        value: attribute(head, 'value') ?? 'on',
        checked: /\schecked\b/i.test(head),
      }))
      .filter((field) => field.name),
  }))
}

function attribute(head, name) {
  const found = head.match(new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i'))
  return found && unescape(found[1] ?? found[2] ?? found[3])
}

function unescape(text) {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&')
}
