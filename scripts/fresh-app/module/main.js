import { createPeer, hypercoreProtocol, replicate, rxjs, webSocketConnect } from './rx-hypercore.js';

const url = `${location.origin.replace('http', 'ws')}/cores`;
const key = Uint8Array.from(location.hash.match(/[0-9a-f]{2}/g) ?? [], byte => parseInt(byte, 16));

const peer = createPeer();
webSocketConnect(url)
  .pipe(hypercoreProtocol({ initiator: true }), replicate(peer), rxjs.retry({ delay: 1000 }))
  .subscribe();

const list = document.querySelector('ol');
peer
  .core(key)
  .blocks({ live: true })
  .subscribe(({ value }) => {
    const item = document.createElement('li');
    item.textContent = new TextDecoder().decode(value);
    list.append(item);
  });
