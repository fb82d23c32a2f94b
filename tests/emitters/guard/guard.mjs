// Loaded by the Node programs at their start (--import), as sitecustomize.py is by the Python ones.
import { appendFileSync } from 'node:fs';
import net from 'node:net';

const INSIDE = process.env.INSIDE.split(',');
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...words) {
  const { host, port, path } = [words[0]].flat()[0]; // fetch and http come with an object, http's in a list
  const address = path ?? `${host}:${port}`;
  if (!INSIDE.includes(address)) {
    appendFileSync(process.env.OUTSIDE, `${address}\n`);
    throw new Error(`${address} is outside`);
  }
  return connect.apply(this, words);
};
