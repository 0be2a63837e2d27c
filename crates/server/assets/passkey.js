'use strict'
// Asks the browser for a passkey, and sends what it answers with the form around the button. Without this script, or
// without passkeys, the button stays hidden, and the other ways on the page work.
;(() => {
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0))
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '')
  const withBytes = (list) => (list || []).map((known) => ({ ...known, id: toBytes(known.id) }))

  async function create(options) {
    const publicKey = {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    }
    const made = await navigator.credentials.create({ publicKey })
    const { attestationObject, clientDataJSON } = made.response
    return answer(made, {
      attestationObject: toText(attestationObject),
      clientDataJSON: toText(clientDataJSON),
    })
  }

  async function get(options) {
    const publicKey = {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    }
    const found = await navigator.credentials.get({ publicKey })
    const { authenticatorData, clientDataJSON, signature, userHandle } = found.response
    return answer(found, {
      authenticatorData: toText(authenticatorData),
      clientDataJSON: toText(clientDataJSON),
      signature: toText(signature),
      userHandle: userHandle && toText(userHandle),
    })
  }

  function answer(credential, response) {
    const { id, rawId, type } = credential
    return JSON.stringify({ id, rawId: toText(rawId), type, response, extensions: {} })
  }

  if (!window.PublicKeyCredential || !navigator.credentials) return
  for (const place of document.querySelectorAll('[data-passkey]')) {
    const button = place.querySelector('button')
    const failed = place.querySelector('[role=alert]')
    const form = place.closest('form')
    place.hidden = false
    button.addEventListener('click', async () => {
      button.disabled = true
      failed.hidden = true
      try {
        const ask = place.dataset.passkey === 'create' ? create : get
        form.elements.passkey.value = await ask(JSON.parse(place.dataset.options))
        if (place.dataset.action) form.action = place.dataset.action
        form.submit()
      } catch {
        failed.hidden = false
        button.disabled = false
      }
    })
  }
})()
