// A browser and its push service, by an implementation that is not Beckon's: the package web-push-testing, which
// checks who sends (VAPID) and decrypts what it is sent. Speaks lines of JSON, one answer for each:
//   {"keys":true}               → {"publicKey","privateKey"}, made by the package web-push
//   {"subscribe":"<public key>"} → {"endpoint","keys":{"p256dh","auth"},"clientHash"}
//   {"read":"<clientHash>"}     → {"messages":["…"]}, decrypted
//   {"expire":"<clientHash>"}   → {}
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)
const Service = require('web-push-testing/src/server.js')
const { PushApiModel } = require('web-push-testing/src/PushApiModel.js')
const webPush = require('web-push')

const model = new PushApiModel()
const service = new Service(model, 0)
service.setRequestHandlers()
const listening = service._app.listen(0, '127.0.0.1', async () => {
  model.notifyUrl = `http://127.0.0.1:${listening.address().port}/notify/`
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line))))
  }
  process.exit(0)
})

async function answer(question) {
  if (question.keys) return webPush.generateVAPIDKeys()
  if (question.subscribe) return model.subscribe({ userVisibleOnly: 'true', applicationServerKey: question.subscribe })
  if (question.read) return model.getNotifications({ clientHash: question.read })
  model.expireSubscription(question.expire)
  return {}
}
