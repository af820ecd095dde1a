// Not every resolver knows *.localhost, and `fetch` lets nobody name the host by hand.
import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host.endsWith('.localhost') ? '127.0.0.1' : host, ...rest);
