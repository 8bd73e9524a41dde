/**
 * The first thing the room page does: the offer for the picture leaves while the page is still being painted.
 */

import { begin } from '../whep.js'

const first = JSON.parse(document.getElementById('config')?.textContent ?? '{}')
if (first.source?.whep && first.live?.state === 'on_air' && document.visibilityState === 'visible') {
  try {
    globalThis.beckonJoin = begin(first.source)
  } catch {
    // No WebRTC here: the player looks for another way.
  }
}
