// A shopper in a browser: how a page gets into a room by WHEP. It is put into a page before all else
// (`page.addInitScript`), so that what runs there (`page.evaluate`) finds it; so it may use nothing from outside itself.

export const shopper = () => {
  /**
   * Posts the offer of `peer` and takes the answer; gives the session's address. `via` is the port of a bridge that stands
   * before the server's, `only` a word: of the server's addresses those are taken that it is in. `mark` is told what is done.
   */
  window.join = async (peer, { url, room, token, via, only, mark = () => {} }) => {
    await peer.setLocalDescription()
    mark('offer')
    const answer = await fetch(`${url}/whep/${room}`, {
      method: 'POST', body: peer.localDescription.sdp,
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
    })
    if (answer.status !== 201) throw new Error(`whep: ${answer.status} ${await answer.text()}`)
    let sdp = await answer.text()
    if (via) sdp = sdp.replace(/^(a=candidate:(?:\S+ ){5})\d+ /gm, `$1${via} `)
    if (only) sdp = sdp.replace(/^a=candidate:.*\r\n/gm, (line) => (line.split(' ').includes(only) ? line : ''))
    mark('answer')
    await peer.setRemoteDescription({ type: 'answer', sdp })
    return answer.headers.get('location')
  }
}
