// The tracker: Segment's calls and the live room's, kept until the server has them. The page must not feel it: no call
// waits for anything, throws, or does more than store one small text.
/** @import { App, CallOptions, DeviceFields, Options, Preferences, Properties, Seen, Track, Verdict } from './types.js' */

import { ORDER, PRODUCT, PUSH, ROOM, callsOf } from './calls.js'
import { DeviceState } from './device-state.js'
import { Identity, pageOf, uuid } from './identity.js'
import { Queue } from './queue.js'
import { Sender, isOffline } from './sender.js'
import { Store } from './store.js'

/**
 * Dispatches `queue` (an event was added, sent, given up), `identity` (somebody else is here), `room` (entered or left)
 * and `device` (its state changed; cancel it to report that otherwise).
 */
export class Beckon extends EventTarget {
  #queue
  #sender
  #identity
  #device
  /** The room the shopper is in. @type {{properties: Properties, since: number} | undefined} */
  #stay

  /** A shop's events, by Segment's names. */
  product = callsOf(PRODUCT, (event, properties) => this.track(event, properties))
  order = callsOf(ORDER, (event, properties) => this.track(event, properties))
  /** A live room: `entered({ room_id, show_id })` … `left()`, which knows how long it was. */
  room = callsOf(ROOM, (event, properties) => this.#inRoom(event, properties))
  /** What became of a message, for those who show it themselves. */
  push = callsOf(PUSH, (event, properties) => {
    const { message_id } = properties
    // Page and worker may both say so.
    return this.track(event, properties, message_id ? { messageId: `${message_id} ${event}` } : {})
  })

  /** @param {Options} options */
  static load(options) {
    const beckon = new Beckon(options)
    beckon.#start(options.deviceState !== false)
    return beckon
  }

  /** @param {Options} options */
  constructor({ writeKey, host, app, token, flush_ms = 500, batch_events = 100 }) {
    super()
    if (!writeKey) throw new TypeError('beckon: `writeKey` is missing; `beckon keys` lists those of a server')
    /** Beckon's address. */
    this.host = (host ?? new URL(import.meta.url).origin).replace(/\/+$/, '')
    this.writeKey = writeKey
    /** @type {App | undefined} */
    this.app = typeof app === 'string' ? { namespace: app } : app
    /** What is kept in this browser. */
    this.store = new Store(`beckon.${writeKey}.`)
    this.#queue = new Queue(this.store)
    this.#identity = new Identity(this.store)
    this.#identity.token = token
    this.#device = new DeviceState(this.store, (changes) => {
      if (this.#tell('device', changes)) this.track('Device State Changed', { ...changes })
    })
    const told = (/** @type {Verdict} */ verdict, /** @type {number} */ events) => this.#told(verdict, events)
    const url = `${this.host}/v1/batch`
    this.#sender = new Sender({ queue: this.#queue, store: this.store, url, writeKey, flush_ms, batch_events, told })
  }

  /** What the shopper did. @type {Track} */
  track = (event, properties = {}, options) => this.#send({ type: 'track', event, properties }, options)

  /**
   * Who the shopper is; without an id, what is known of the visitor.
   * @param {string | Properties} user @param {Properties} [traits]
   * @param {CallOptions & {token?: string}} [options] `token`: the shopper token of this user
   */
  identify(user, traits = {}, { token, ...options } = {}) {
    if (typeof user === 'object') return this.#send({ type: 'identify', traits: user }, options)
    const identity = this.#identity
    const isOther = String(user) !== identity.userId
    // A token vouches for one user.
    identity.token = token ?? (isOther && identity.userId ? undefined : identity.token)
    identity.userId = String(user)
    const id = this.#send({ type: 'identify', traits }, options)
    if (isOther) this.#other()
    return id
  }

  /** A page was seen. @type {Seen} */
  page = (...said) => this.#seen('page', pageOf(), ...said)
  /** A screen of an app was seen. @type {Seen} */
  screen = (...said) => this.#seen('screen', {}, ...said)

  /** The shopper belongs to a group. @type {Track} */
  group = (groupId, traits = {}, options) => this.#send({ type: 'group', groupId, traits }, options)

  /** Two ids are one shopper. @param {string} userId @param {string} [previousId] @param {CallOptions} [options] */
  alias(userId, previousId = this.userId ?? this.anonymousId, options) {
    return this.#send({ type: 'alias', userId, previousId }, options)
  }

  /** What the shopper agreed to. @param {Preferences} preferences */
  consent(preferences) {
    /** @type {Properties} */
    const categoryPreferences = {}
    for (const [name, said] of Object.entries(preferences)) {
      const { service, marketing } = typeof said === 'object' ? said : { service: said, marketing: said }
      const isClass = name === 'service' || name === 'marketing'
      Object.assign(categoryPreferences, isClass ? { [name]: said } : { [`${name}.service`]: service, [`${name}.marketing`]: marketing })
    }
    return this.track('Segment Consent Preference Updated', {}, { context: { consent: { categoryPreferences } } })
  }

  /** The shopper signs out: the device is no longer his, and who comes next is a new visitor. */
  reset() {
    if (this.#stay) this.room.left()
    if (this.userId) this.track('Signed Out')
    this.#identity.forget()
    this.#other()
  }

  /** Sends what waits; resolves when that is done, or can only be done later. */
  flush() {
    return this.#sender.flush()
  }

  get anonymousId() {
    return this.#identity.anonymousId
  }

  /** @param {string} id */
  setAnonymousId(id) {
    this.#identity.anonymousId = id
    this.#other()
  }

  get userId() {
    return this.#identity.userId
  }

  get deviceId() {
    return this.#identity.deviceId
  }

  get token() {
    return this.#identity.token
  }

  /** @param {string | undefined} token */
  set token(token) {
    this.#identity.token = token
  }

  get device() {
    return this.#device.now
  }

  /** The server knows this state of the device. @param {DeviceFields} state */
  told(state) {
    this.#device.told(state)
  }

  get inRoom() {
    return this.#stay?.properties
  }

  get status() {
    const { length: queued, dropped } = this.#queue
    return { queued, dropped, retry_at: this.#sender.retry_at, online: !isOffline(), lasts: this.store.lasts }
  }

  /** @param {boolean} watch */
  #start(watch) {
    if (watch) this.#device.watch()
    globalThis.addEventListener?.('online', () => this.#sender.online())
    globalThis.addEventListener?.('pagehide', () => {
      const stay = this.inRoom
      if (stay) {
        this.room.left()
        // Who comes back by "back" is in the room again.
        addEventListener('pageshow', ({ persisted }) => persisted && this.room.entered(stay), { once: true })
      }
      this.#sender.leaving()
    })
    globalThis.document?.addEventListener('visibilitychange', () => document.hidden && this.#sender.leaving())
    // What an earlier page left behind.
    this.#sender.added()
  }

  /** @param {Properties} call @param {CallOptions} [options] */
  #send(call, { context, timestamp = Date.now(), ...options } = {}) {
    const event = {
      messageId: uuid(),
      anonymousId: this.anonymousId,
      userId: this.userId,
      timestamp: new Date(timestamp),
      ...call,
      ...options,
      context: { ...this.#identity.context(this.app), ...context },
    }
    try {
      this.#queue.add(JSON.stringify(event))
      this.#sender.added()
    } catch (error) {
      warn(`${call.event ?? call.type} is not sent: ${error}`)
    }
    this.#tell('queue')
    return event.messageId
  }

  /** Texts come first, the name last of them. @param {string} type @param {any} shown @param {any[]} said */
  #seen(type, shown, ...said) {
    const texts = typeof said[1] === 'string' ? said.splice(0, 2) : typeof said[0] === 'string' ? said.splice(0, 1) : []
    const [name, category] = texts.reverse()
    return this.#send({ type, category, name, properties: { ...shown, ...said[0] } }, said[1])
  }

  /** @param {string} event @param {Properties} properties */
  #inRoom(event, properties) {
    const stay = this.#stay
    const isLeft = event === ROOM.left
    if (event === ROOM.entered) this.#stay = { properties, since: Date.now() }
    else properties = { ...stay?.properties, ...properties }
    if (isLeft && stay) properties = { dwell_seconds: Math.round((Date.now() - stay.since) / 1000), ...properties }
    if (isLeft) this.#stay = undefined
    const id = this.track(event, properties)
    if (this.#stay !== stay) this.#tell('room')
    return id
  }

  #other() {
    this.#device.again()
    this.#tell('identity')
  }

  /** @param {Verdict} verdict @param {number} events */
  #told(verdict, events) {
    const lost = this.#queue.dropped
    if (verdict.kind === 'taken') {
      for (const { code, detail } of verdict.rejected) warn(`an event was left out: ${code}, ${detail}`)
      if (lost > 0) this.track('Events Dropped', { count: lost, reason: 'queue full' })
      this.#queue.dropped -= lost
    } else if (verdict.kind === 'refused') {
      const what = verdict.item === undefined ? `${events} events are` : 'an event is'
      warn(`${what} given up, the server cannot read it: ${verdict.why}. See what the page puts into its events`)
    } else if (verdict.kind === 'closed') {
      warn(`${this.host} takes nothing from here: ${verdict.why}. Check \`writeKey\` and \`host\`; the events are kept`)
    }
    this.#tell('queue', verdict)
  }

  /** Whether nobody cancelled it. @param {string} type @param {unknown} [detail] */
  #tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }))
  }
}

/** @param {string} what */
function warn(what) {
  console.warn(`beckon: ${what}`)
}
