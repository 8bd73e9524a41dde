/**
 * A shopper's stay in the room: in while the show is on and the page is seen, out otherwise. From it come
 * `Live Room Entered` and `Live Room Left` with its seconds, on which the outcome of a push rests.
 *
 * A page that is hidden counts as left at once: on phones nothing may run after that.
 */
export class Stay {
  /**
   * @param {(event: string, properties?: Record<string, unknown>) => void} track
   * @param {() => Record<string, unknown>} [toll] what else is told when he leaves, such as stalls
   */
  constructor(track, toll = () => ({})) {
    this.track = track
    this.toll = toll
    this.on = false
    this.seen = false
    /** When he came in; `undefined` while he is out. */
    this.since = /** @type {number | undefined} */ (undefined)
  }

  /**
   * The show went on air, or off.
   * @param {boolean} on
   */
  air(on) {
    this.on = on
    this.settle()
  }

  /**
   * The page is seen, or is not.
   * @param {boolean} seen
   */
  look(seen) {
    this.seen = seen
    this.settle()
  }

  settle() {
    const inside = this.on && this.seen
    if (inside && this.since === undefined) {
      this.since = performance.now()
      this.track('Live Room Entered')
    } else if (!inside && this.since !== undefined) {
      const seconds = Math.round((performance.now() - this.since) / 1000)
      this.since = undefined
      this.track('Live Room Left', { dwell_seconds: seconds, ...this.toll() })
    }
  }
}
