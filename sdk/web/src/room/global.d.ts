/** What the page's head has begun before the rest of the page is there. */
declare var beckonJoin: import('../whep.js').Join | undefined
