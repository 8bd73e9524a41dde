// The device's live state, as far as the browser tells: is the page looked at, is there a network and how fast, how full
// is the battery. It makes a push come at a good moment, and flickers: only changes that matter and last are reported.
/** @import { Battery, DeviceFields, NetworkInformation } from './types.js' */

/** What goes back within this time is not reported. */
const SETTLES_MS = 1_000
/** By then the server takes it for stale, and it is said again. */
const SAID_MS = 300_000
/** A battery has changed by so many percent, a downlink by this factor. */
const BATTERY_STEP = 5
const DOWNLINK_FACTOR = 2

export class DeviceState {
  #store
  #report
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {Battery | undefined} */
  #battery

  /** @param {import('./store.js').Store} store @param {(changes: DeviceFields) => void} report */
  constructor(store, report) {
    this.#store = store
    this.#report = report
  }

  watch() {
    const settle = () => this.#settle()
    globalThis.document?.addEventListener('visibilitychange', () => {
      // A hidden page may be frozen before a timer runs.
      if (document.hidden) this.look()
      else settle()
    })
    globalThis.addEventListener?.('online', settle)
    globalThis.addEventListener?.('offline', settle)
    connection()?.addEventListener('change', settle)
    const { navigator } = /** @type {any} */ (globalThis)
    navigator?.getBattery?.().then((/** @type {Battery} */ battery) => {
      this.#battery = battery
      battery.addEventListener('levelchange', settle)
      battery.addEventListener('chargingchange', settle)
      settle()
    }, () => {})
    settle()
  }

  /** @returns {DeviceFields} */
  get now() {
    const { type, effectiveType, downlink } = connection() ?? {}
    const battery = this.#battery
    return {
      online: globalThis.navigator?.onLine,
      app_state: globalThis.document?.hidden ? 'background' : 'foreground',
      network: type && !/unknown|other/.test(type) ? type : effectiveType,
      downlink_kbps: downlink && Math.round(downlink * 1000),
      battery_level: battery && Math.round(battery.level * 100),
      charging: battery?.charging,
    }
  }

  /** The server knows `state`. @param {DeviceFields} state */
  told(state) {
    this.#store.set('state', JSON.stringify({ at: Date.now(), state }))
  }

  /** Reports what has changed since it was last said. */
  look() {
    clearTimeout(this.#timer)
    const said = this.#store.json('state')
    const age = Date.now() - said?.at
    const before = age >= 0 && age < SAID_MS ? said.state : {}
    const changes = changesOf(before, this.now)
    if (Object.keys(changes).length === 0) return
    this.told({ ...before, ...changes })
    this.#report(changes)
  }

  /** Somebody else uses the device: all of it is news. */
  again() {
    this.#store.remove('state')
    if (this.#timer) this.#settle()
  }

  #settle() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), SETTLES_MS)
  }
}

/** @param {any} before @param {DeviceFields} now @returns {DeviceFields} */
function changesOf(before, now) {
  const matters = (/** @type {[string, any]} */ [name, value]) => {
    const old = before[name]
    if (value === undefined || value === old) return false
    if (old === undefined) return true
    if (name === 'battery_level') return Math.abs(value - old) >= BATTERY_STEP
    if (name === 'downlink_kbps') return value >= old * DOWNLINK_FACTOR || value * DOWNLINK_FACTOR <= old
    return true
  }
  return Object.fromEntries(Object.entries(now).filter(matters))
}

/** @returns {NetworkInformation | undefined} */
function connection() {
  return /** @type {any} */ (globalThis.navigator)?.connection
}
