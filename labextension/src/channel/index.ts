export * from './channel';
export { infoOf } from './control';
export * from './messages';
