// Who acts, where: a visitor (`anonymousId`) until someone says who he is (`userId`), on a device that stays whoever
// uses it. Read from the store at each call, so that all tabs agree.
/** @import { App } from './types.js' */

const LIBRARY = { name: '@beckon/web', version: '0.1.0' }
/** Of an address; more of it says nothing more. */
const CHARS_MAX = 2_048

export class Identity {
  #store
  /** In memory only: it is a secret. @type {string | undefined} */
  token

  /** @param {import('./store.js').Store} store */
  constructor(store) {
    this.#store = store
  }

  get anonymousId() {
    return this.#made('anonymous')
  }

  set anonymousId(id) {
    this.#store.set('anonymous', id)
  }

  get userId() {
    return this.#store.get('user') ?? undefined
  }

  set userId(id) {
    if (id !== undefined) this.#store.set('user', id)
  }

  get deviceId() {
    return this.#made('device')
  }

  /** Nobody is signed in; who comes next is a new visitor. */
  forget() {
    this.#store.remove('user')
    this.#store.remove('anonymous')
    this.token = undefined
  }

  /** Segment's `context`, as far as a browser knows it. @param {App} [app] */
  context(app) {
    return {
      library: LIBRARY,
      locale: globalThis.navigator?.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      userAgent: globalThis.navigator?.userAgent,
      page: pageOf(),
      app,
      device: { id: this.deviceId, type: 'web' },
      shopper_token: this.token,
    }
  }

  /** @param {string} name */
  #made(name) {
    if (!this.#store.get(name)) this.#store.set(name, uuid())
    // Read back: of two tabs that made one, both use the one that stayed.
    return this.#store.get(name) ?? ''
  }
}

/** An id that nobody else makes: a UUID, or on plain http, where there is none, as many random digits. */
export function uuid() {
  const digits = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (it) => it.toString(16).padStart(2, '0'))
  return crypto.randomUUID?.() ?? digits().join('')
}

/** The page, as Segment describes it. */
export function pageOf() {
  const { document, location } = globalThis
  if (!document) return undefined
  const page = {
    path: location.pathname,
    referrer: document.referrer,
    search: location.search,
    title: document.title,
    url: location.href,
  }
  return Object.fromEntries(Object.entries(page).map(([name, text]) => [name, text.slice(0, CHARS_MAX)]))
}
