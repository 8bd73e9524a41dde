/**
 * The first thing the room page does: the offer for the picture leaves while the page is still being painted. Over a long
 * way it leaves before that: there is time to paint while it is under way.
 */

import { begin, isFar } from '../whep.js'

/** The page is painted after this, whatever has become of the offer. */
const UNPAINTED_MAX_MS = 100

const first = JSON.parse(document.getElementById('config')?.textContent ?? '{}')
if (first.source?.whep && first.live?.state === 'on_air' && document.visibilityState === 'visible') {
  const root = document.documentElement
  const paint = () => root.removeAttribute('data-unpainted')
  try {
    globalThis.beckonJoin = begin(first.source, 0, paint)
    root.toggleAttribute('data-unpainted', isFar())
    setTimeout(paint, UNPAINTED_MAX_MS)
  } catch {
    // No WebRTC here: the player looks for another way.
  }
}
