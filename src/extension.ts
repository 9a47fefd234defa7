export { activate } from './shell/activate.ts';
