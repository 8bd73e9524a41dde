// Web Push from the page's side: asks, subscribes, tells the server, and leaves word for the worker, which must report
// when no page is open. Ask when a shopper has just wanted something that needs it, never on arrival.

import { leaveWord } from './seen.js'

/** What a page can tell a shopper who wants messages and cannot have them. @typedef {'unsupported' | 'denied' | 'dismissed' | 'not_configured' | 'failed'} Why */

export class PushError extends Error {
  /** @param {Why} why @param {string} message */
  constructor(why, message) {
    super(`beckon: ${message}`)
    this.name = 'PushError'
    this.why = why
  }
}

/**
 * @typedef {object} Options
 * @property {string} [worker] address of the service worker, on the page's own origin; Beckon's own if left out
 * @property {string} [scope] what the worker watches over; all of the origin if left out
 *
 * @typedef {object} PushState
 * @property {boolean} supported
 * @property {NotificationPermission} permission
 * @property {boolean} subscribed
 */

export class WebPush {
  #beckon
  #worker
  #scope

  /**
   * Follows what there is already: tells the server when somebody else is here, when the permission changes, and when
   * the subscription went or was made anew while no page was open. Asks the shopper for nothing.
   * @param {import('./beckon.js').Beckon} beckon
   * @param {Options} [options]
   */
  static attach(beckon, options) {
    const push = new WebPush(beckon, options)
    push.#follow()
    return push
  }

  /** Use {@link WebPush.attach}. @param {import('./beckon.js').Beckon} beckon @param {Options} [options] */
  constructor(beckon, { worker, scope = '/' } = {}) {
    this.#beckon = beckon
    this.#worker = worker ?? `${beckon.host}/sdk/worker.js`
    this.#scope = scope
  }

  /** @returns {Promise<PushState>} */
  async state() {
    const permission = globalThis.Notification?.permission ?? 'denied'
    const subscription = await this.#subscription()
    return { supported: isSupported(), permission, subscribed: !!subscription }
  }

  /**
   * Asks the shopper if he was not asked, subscribes, and tells the server. Call it from a tap.
   * @returns {Promise<PushSubscription>}
   * @throws {PushError} says why not
   */
  async subscribe() {
    if (!isSupported()) {
      throw new PushError('unsupported', 'this browser has no web push here; it needs https, and on iOS the shop on the home screen')
    }
    const permission = await Notification.requestPermission()
    if (permission !== 'granted') {
      this.#report(null)
      throw permission === 'denied'
        ? new PushError('denied', 'the shopper refused; only the browser’s settings can change that')
        : new PushError('dismissed', 'the shopper closed the question; ask again another time')
    }
    const key = await this.#publicKey()
    const registration = await this.#register()
    const subscription = await this.#subscribeWith(registration, key)
    await this.#leaveWord(key)
    this.#report(subscription)
    return subscription
  }

  /** No more push on this device. */
  async unsubscribe() {
    const subscription = await this.#subscription()
    await subscription?.unsubscribe()
    this.#report(null)
  }

  async #follow() {
    if (!isSupported()) return
    const look = async () => {
      const subscription = await this.#subscription()
      if (!subscription && !this.#beckon.store.get('push')) return
      await this.#leaveWord()
      this.#report(subscription)
    }
    const again = () => look().catch((error) => console.warn(`beckon: web push is not followed: ${error}`))
    this.#beckon.addEventListener('identity', again)
    const permission = await navigator.permissions?.query({ name: 'notifications' }).catch(() => undefined)
    permission?.addEventListener('change', again)
    await again()
    await quiet()
  }

  /** @returns {Promise<PushSubscription | null>} */
  async #subscription() {
    if (!isSupported()) return null
    const registration = await navigator.serviceWorker.getRegistration(this.#scope)
    return (await registration?.pushManager.getSubscription()) ?? null
  }

  /** @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async #publicKey() {
    const { host, writeKey } = this.#beckon
    const answer = await fetch(`${host}/v1/push-key?write_key=${encodeURIComponent(writeKey)}`, { credentials: 'omit' })
    const told = await answer.json().catch(() => ({}))
    if (!answer.ok || typeof told.public_key !== 'string') {
      throw new PushError('not_configured', `the server has no key for web push: ${answer.status} ${told.detail ?? ''}`)
    }
    return bytesOf(told.public_key)
  }

  async #register() {
    try {
      const registration = await navigator.serviceWorker.register(this.#worker, { scope: this.#scope })
      await active(registration)
      return registration
    } catch (error) {
      const why = 'the worker cannot be registered; a shop on another origin serves a file with `importScripts` of it'
      throw new PushError('failed', `${why} (${error})`)
    }
  }

  /** @param {ServiceWorkerRegistration} registration @param {Uint8Array<ArrayBuffer>} key */
  async #subscribeWith(registration, key) {
    const manager = registration.pushManager
    const old = await manager.getSubscription()
    // A subscription is bound to the key it was made with; the server has another now.
    if (old && !isSame(old.options.applicationServerKey, key)) await old.unsubscribe()
    try {
      return await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
    } catch (error) {
      throw new PushError('failed', `the browser’s push service does not answer (${error})`)
    }
  }

  /** Tells the server, unless it was told the same of the same shopper. @param {PushSubscription | null} subscription */
  #report(subscription) {
    const { permission } = Notification
    const { store, userId, anonymousId, deviceId } = this.#beckon
    const said = [subscription?.endpoint ?? '', permission, userId ?? anonymousId].join(' ')
    if (said === store.get('push')) return
    store.set('push', said)
    const { endpoint, keys } = subscription?.toJSON() ?? {}
    this.#beckon.track('Push Subscription Changed', {
      device_id: deviceId,
      channel: 'web_push',
      subscription: subscription ? { endpoint, keys } : null,
      permission,
    })
  }

  /** @param {Uint8Array} [public_key] */
  async #leaveWord(public_key) {
    const { host, writeKey, app, deviceId, anonymousId, userId } = this.#beckon
    const who = { host, write_key: writeKey, app, device_id: deviceId, anonymous_id: anonymousId, user_id: userId }
    await leaveWord('who', who)
    if (public_key) await leaveWord('public_key', public_key)
  }
}

function isSupported() {
  return 'serviceWorker' in (globalThis.navigator ?? {}) && 'PushManager' in globalThis && 'Notification' in globalThis
}

/** Until then nobody can subscribe. @param {ServiceWorkerRegistration} registration */
async function active({ active, installing, waiting }) {
  const coming = installing ?? waiting
  if (active || !coming) return
  await new Promise((ok, fail) => {
    coming.addEventListener('statechange', () => {
      if (coming.state === 'activated') ok(undefined)
      if (coming.state === 'redundant') fail(new Error('it was replaced'))
    })
  })
}

/** Takes away what the worker had to show only because it must show something. */
async function quiet() {
  const registration = await navigator.serviceWorker.getRegistration()
  for (const shown of (await registration?.getNotifications({ tag: 'beckon-quiet' })) ?? []) shown.close()
}

/** @param {string} base64url */
function bytesOf(base64url) {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** @param {ArrayBuffer | null} one @param {Uint8Array} other */
function isSame(one, other) {
  return !!one && new Uint8Array(one).join() === other.join()
}
