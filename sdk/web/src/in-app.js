// Messages while the shopper is in the shop: over one connection a device, shown at most once whatever page or worker
// saw them first, and only while the page is looked at. What is held back or lost comes again; what is too late does not.
/** @import { ConnectionState, Fate, Message } from './types.js' */

import { Cards } from './cards.js'
import { Connection } from './connection.js'
import { readMessage, reportOf } from './message.js'
import { claim } from './seen.js'

/** Messages that wait for the page to be looked at; of more the oldest go, unacknowledged. */
const HELD_MAX = 20

/**
 * @typedef {object} Options
 * @property {(message: Message) => void} [enter] brings the shopper to `message.link`; a navigation if left out
 * @property {(message: Message, reply: {enter: () => void, dismiss: () => void}) => (() => void)} [show] shows a message
 *   in the shop's own way, and returns what takes it away; a card if left out
 */

/** Dispatches `state` ({@link ConnectionState}) and `message` (`{message, fate}`, see {@link Fate}). */
export class InApp extends EventTarget {
  #beckon
  #connection
  #enter
  #show
  /** @type {Map<string, Message>} */
  #held = new Map()
  /** What takes away the messages that are shown. @type {Map<string, () => void>} */
  #shown = new Map()
  #stop = new AbortController()
  /** What the last hello said of the device. */
  #said = {}
  /** The shopper token that was refused: with another it is worth a try. @type {string | undefined} */
  #refused

  /**
   * Opens the connection, as soon as the page is looked at.
   * @param {import('./beckon.js').Beckon} beckon
   * @param {Options} [options]
   */
  static open(beckon, options) {
    return new InApp(beckon, options)
  }

  /** Use {@link InApp.open}. @param {import('./beckon.js').Beckon} beckon @param {Options} [options] */
  constructor(beckon, { enter = ({ link }) => location.assign(link), show } = {}) {
    super()
    const cards = new Cards()
    this.#beckon = beckon
    this.#enter = enter
    this.#show = show ?? ((message, reply) => cards.show(message, reply))
    this.#connection = new Connection({
      host: beckon.host,
      store: beckon.store,
      hello: () => this.#hello(),
      changed: (state) => this.#changed(state),
      message: (message, now) => this.#receive(readMessage(message, beckon.host), now),
    })
    this.#watch(this.#stop.signal)
    this.#look()
  }

  /** @returns {ConnectionState} */
  get state() {
    return this.#connection.state
  }

  /** No more messages on this page. */
  close() {
    this.#stop.abort()
    this.#connection.close()
    this.#clear()
  }

  #hello() {
    const { writeKey, app, deviceId, anonymousId, userId, token } = this.#beckon
    return {
      write_key: writeKey,
      app: app?.namespace ?? app?.name,
      device: { id: deviceId, type: 'web' },
      anonymous_id: anonymousId,
      user_id: userId,
      token,
      state: fieldsOf((this.#said = this.#beckon.device)),
    }
  }

  /** @param {AbortSignal} signal */
  #watch(signal) {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {(event: any) => void} */ hear) =>
      target.addEventListener(type, hear, { signal })
    on(document, 'visibilitychange', () => this.#look())
    on(globalThis, 'focus', () => this.#look())
    on(globalThis, 'online', () => this.#look())
    // An open connection keeps a page out of the cache for "back".
    on(globalThis, 'pagehide', () => this.#connection.close())
    on(globalThis, 'pageshow', ({ persisted }) => persisted && this.#look())
    let { anonymousId, userId } = this.#beckon
    on(this.#beckon, 'identity', () => {
      const isSame = userId === undefined && anonymousId === this.#beckon.anonymousId
      ;({ anonymousId, userId } = this.#beckon)
      // A visitor who signs in may go on reading; anybody else sees nothing of the former shopper's.
      if (!isSame) this.#clear()
      this.#connection.restart()
    })
    on(this.#beckon, 'device', (event) => {
      const fields = fieldsOf(event.detail)
      // Of the network's end no connection tells; of its being there each does.
      if (event.detail.online === false || this.state.state !== 'open') return
      if (Object.keys(fields).length === 0 || this.#connection.send({ type: 'state', ...fields })) event.preventDefault()
    })
    on(this.#beckon, 'room', () => this.#tellRoom())
  }

  /** The page is looked at, maybe. The connection belongs to the page that is: another one loses it (4409). */
  #look() {
    if (document.hidden) return
    const { state, code } = this.state
    const isWorthIt = code === 4409 || (code === 4401 && this.#beckon.token !== this.#refused)
    if (state === 'idle' || state === 'waiting' || isWorthIt) this.#connection.open()
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const message of held) this.#receive(message, this.#connection.now)
  }

  #tellRoom() {
    const { room_id = null, show_id } = this.#beckon.inRoom ?? {}
    this.#connection.send({ type: 'state', room_id, show_id })
  }

  /** @param {ConnectionState} state */
  #changed(state) {
    if (state.state === 'open') {
      this.#beckon.told(this.#said)
      if (this.#beckon.inRoom) this.#tellRoom()
    }
    if (state.code === 4401) this.#refused = this.#beckon.token
    this.dispatchEvent(new CustomEvent('state', { detail: state }))
  }

  /** @param {Message | undefined} message @param {number} now by the server's clock (Unix ms) */
  async #receive(message, now) {
    if (!message) return
    if (message.expires_at <= now) {
      this.#connection.ack(message.id)
      return this.#tell(message, 'expired')
    }
    if (document.hidden) return this.#hold(message)
    const who = this.#beckon.anonymousId
    const isNew = await claim(message.id)
    // Acknowledged either way: it was shown, here, elsewhere or before the connection broke.
    this.#connection.ack(message.id)
    if (!isNew) return this.#tell(message, 'seen')
    if (who !== this.#beckon.anonymousId) return
    this.#present(message, now)
  }

  /** @param {Message} message */
  #hold(message) {
    this.#held.set(message.id, message)
    if (this.#held.size > HELD_MAX) this.#held.delete([...this.#held.keys()][0])
    this.#tell(message, 'held')
  }

  /** @param {Message} message @param {number} now */
  #present(message, now) {
    const report = reportOf(message, 'in_app')
    const away = () => {
      clearTimeout(timer)
      this.#shown.get(message.id)?.()
      this.#shown.delete(message.id)
    }
    const reply = {
      enter: () => {
        away()
        this.#beckon.push.tapped(report)
        this.#tell(message, 'entered')
        if (message.link) this.#enter(message)
      },
      dismiss: () => {
        away()
        this.#beckon.push.dismissed(report)
        this.#tell(message, 'dismissed')
      },
    }
    // What is no longer true does not stay on the screen. A timer holds 24 days at most.
    const timer = setTimeout(away, Math.min(message.expires_at - now, 2 ** 31 - 1))
    this.#shown.set(message.id, this.#show(message, reply))
    this.#beckon.push.received(report)
    this.#tell(message, 'shown')
  }

  #clear() {
    this.#held.clear()
    for (const away of this.#shown.values()) away()
    this.#shown.clear()
  }

  /** @param {Message} message @param {Fate} fate */
  #tell(message, fate) {
    this.dispatchEvent(new CustomEvent('message', { detail: { message, fate } }))
  }
}

/** The state as a frame says it: that there is a connection says that it is online. @param {Record<string, any>} state */
function fieldsOf({ online, ...fields }) {
  return fields
}
