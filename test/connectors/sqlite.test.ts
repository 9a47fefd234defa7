import { describeConnector } from './contract.ts';
import { sqliteSubject } from './sqliteSamples.ts';

describeConnector(sqliteSubject('SqliteBackupConnector', 'warning'));
describeConnector(sqliteSubject('SqliteConnector', 'left out'));
describeConnector(sqliteSubject('SqliteCPConnector', 'warning'));
