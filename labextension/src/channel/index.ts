export * from './channel';
export * from './messages';
