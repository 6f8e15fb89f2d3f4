// The page works without any of this: every action is a form, every view an address.
import {announce, swap} from './swap.js'
import './live.js'
import './keys.js'
import './week.js'

document.documentElement.dataset.script = ''
announce()
if ('zoneWanted' in document.documentElement.dataset) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone && !document.cookie.includes('console-zone=')) {
    document.cookie = `console-zone=${zone}; path=/; max-age=31536000; samesite=lax`
    swap(location.href)
  }
}
document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-opens]')
  if (opener) document.getElementById(opener.dataset.opens).showModal()
})
// A page that is left for another one says that it works, until that one is there.
addEventListener('beforeunload', () => { document.getElementById('main').ariaBusy = 'true' })
addEventListener('pageshow', () => { document.getElementById('main').ariaBusy = null })
