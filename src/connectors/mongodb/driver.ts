/** The driver in one module, which is loaded when first used: nothing else imports its code, so that it has a bundle of its own. */
export { MongoClient } from 'mongodb';
export { DocumentSequence } from 'mongodb/lib/cmap/commands.js';
