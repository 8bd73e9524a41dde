// A browser small enough to reason about: the globals that the SDK touches, a server that answers as told, and time that
// moves when a test says so. Trackers made in one test are tabs of one origin: they share storage, locks and network.
import { mock } from 'node:test'

/** Web Locks, in as far as `ifAvailable` goes. */
class Locks {
  held = new Set()

  async request(name, _options, work) {
    if (this.held.has(name)) return work(null)
    this.held.add(name)
    try {
      return await work({ name })
    } finally {
      this.held.delete(name)
    }
  }
}

/** localStorage with a quota, in characters. */
export class Area {
  items = new Map()
  quota = 5_000_000
  #used = 0
  #keys

  get length() {
    return this.items.size
  }

  key(at) {
    this.#keys ??= [...this.items.keys()]
    return this.#keys[at] ?? null
  }

  getItem(name) {
    return this.items.get(name) ?? null
  }

  setItem(name, value) {
    const old = this.items.has(name) ? name.length + this.items.get(name).length : 0
    const used = this.#used - old + name.length + value.length
    if (used > this.quota) throw new DOMException('full', 'QuotaExceededError')
    this.#used = used
    if (!old) this.#keys = undefined
    this.items.set(name, value)
  }

  removeItem(name) {
    if (this.items.has(name)) this.#used -= name.length + this.items.get(name).length
    this.#keys = undefined
    this.items.delete(name)
  }
}

/** What the server is to answer. */
export const answer = (status, body = {}, headers = {}) => new Response(JSON.stringify(body), { status, headers })

/** A server: takes batches, and counts each `messageId` once as Beckon does. */
export class Server {
  /** Every batch that arrived, also those that were not taken. */
  requests = []
  /** Calls taken, in the order of arrival, each once. */
  taken = []
  /** How many calls came again. */
  repeated = 0
  /** What to do with the next requests, before it goes back to taking all: functions of the request. */
  next = []

  fetch = async (url, init = {}) => {
    const { pathname } = new URL(url)
    const body = init.body ? JSON.parse(init.body) : undefined
    const request = { pathname, url: String(url), body, keepalive: init.keepalive, bytes: init.body?.length }
    this.requests.push(request)
    const act = this.next.shift()
    // Like a network it takes a moment, and can be given up on.
    await new Promise((ok, fail) => {
      init.signal?.addEventListener('abort', () => fail(new DOMException('gone', 'AbortError')))
      if (act !== hang) setImmediate(ok)
    })
    const answered = act?.(request)
    if (answered) return answered
    this.take(body?.batch ?? [])
    return act === lost ? Promise.reject(new TypeError('Failed to fetch')) : answer(200, { success: true })
  }

  take(calls) {
    for (const call of calls) {
      const isNew = !this.taken.some((it) => it.messageId === call.messageId)
      if (isNew) this.taken.push(call)
      else this.repeated++
    }
  }

  /** The names of the track calls it took. */
  get events() {
    return this.taken.map((it) => it.event ?? it.type)
  }
}

/** Things a server can do with a request. */
export const broken = () => {
  throw new TypeError('Failed to fetch')
}
/** Takes the batch, and the answer is lost. */
export const lost = () => undefined
export const hang = () => undefined

/**
 * Opens a browser for one test; `t` closes it.
 * @param {import('node:test').TestContext} t
 */
export function open(t, { locks = true } = {}) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.UTC(2026, 10, 28, 12) })
  const server = new Server()
  const window = new EventTarget()
  const document = Object.assign(new EventTarget(), {
    hidden: false,
    title: 'Shop',
    referrer: '',
    get visibilityState() {
      return this.hidden ? 'hidden' : 'visible'
    },
  })
  const area = new Area()
  const warnings = []
  const navigator = { onLine: true, language: 'zh-CN', userAgent: 'test', locks: locks ? new Locks() : undefined }
  const globals = {
    localStorage: area,
    navigator,
    document,
    location: new URL('https://shop.example/room?x=1'),
    fetch: server.fetch,
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
    dispatchEvent: window.dispatchEvent.bind(window),
  }
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)])
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  mock.method(console, 'warn', (text) => warnings.push(text))
  t.after(() => {
    mock.timers.reset()
    mock.restoreAll()
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else delete globalThis[name]
    }
  })
  const happens = (target, type, fields = {}) => target.dispatchEvent(Object.assign(new Event(type), fields))
  return {
    server,
    area,
    navigator,
    warnings,
    offline() {
      navigator.onLine = false
      happens(window, 'offline')
    },
    online() {
      navigator.onLine = true
      happens(window, 'online')
    },
    hide() {
      document.hidden = true
      happens(document, 'visibilitychange')
    },
    look() {
      document.hidden = false
      happens(document, 'visibilitychange')
    },
    leave: () => happens(window, 'pagehide'),
    back: () => happens(window, 'pageshow', { persisted: true }),
  }
}

/** Lets everything happen that needs no time. */
export async function settle() {
  for (let turn = 0; turn < 20; turn++) await new Promise((ok) => setImmediate(ok))
}

/** Lets time pass, with what happens in it. */
export async function pass(ms, step = 250) {
  await settle()
  for (let passed = 0; passed < ms; passed += step) {
    mock.timers.tick(Math.min(step, ms - passed))
    await settle()
  }
}
