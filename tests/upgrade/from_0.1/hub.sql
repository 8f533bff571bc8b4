BEGIN TRANSACTION;
CREATE TABLE event (
    id INTEGER PRIMARY KEY, journal TEXT NOT NULL, seq INTEGER NOT NULL, edge_id TEXT NOT NULL,
    camera_id TEXT NOT NULL, received_at REAL NOT NULL, body TEXT NOT NULL, UNIQUE (journal, seq)
) STRICT;
INSERT INTO "event" VALUES(1,'yard',1,'yard','gate',1700000001.0,'{"type":"event","source":"yard/gate","seq":1,"incident_id":"i1","kind":"intrusion","phase":"opened","at":1700000001.0,"opened_at":1700000001.0,"level":"ALERT","score":0.7,"words":"a person by the gate","zone":"gate"}');
INSERT INTO "event" VALUES(2,'yard',2,'yard','gate',1700000002.0,'{"type":"event","source":"yard/gate","seq":2,"incident_id":"i2","kind":"intrusion","phase":"opened","at":1700000002.0,"opened_at":1700000002.0,"level":"ALERT","score":0.7,"words":"a person by the gate","zone":"gate"}');
INSERT INTO "event" VALUES(3,'yard',3,'yard','gate',1700000003.0,'{"type":"event","source":"yard/gate","seq":3,"incident_id":"i3","kind":"intrusion","phase":"opened","at":1700000003.0,"opened_at":1700000003.0,"level":"ALERT","score":0.7,"words":"a person by the gate","zone":"gate"}');
INSERT INTO "event" VALUES(4,'yard',4,'yard','gate',1700000004.0,'{"type":"event","source":"yard/gate","seq":4,"incident_id":"i4","kind":"intrusion","phase":"opened","at":1700000004.0,"opened_at":1700000004.0,"level":"ALERT","score":0.7,"words":"a person by the gate","zone":"gate"}');
INSERT INTO "event" VALUES(5,'yard',5,'yard','gate',1700000005.0,'{"type":"event","source":"yard/gate","seq":5,"incident_id":"i5","kind":"intrusion","phase":"opened","at":1700000005.0,"opened_at":1700000005.0,"level":"ALERT","score":0.7,"words":"a person by the gate","zone":"gate"}');
CREATE TABLE floor (journal TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
CREATE TABLE mark (
    source TEXT NOT NULL, incident_id TEXT NOT NULL, mark TEXT NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (source, incident_id)
) STRICT;
INSERT INTO "mark" VALUES('yard/gate','i2','false_alarm','Dana',1700000100.0);
CREATE TABLE sample (
    at INTEGER NOT NULL, edge_id TEXT NOT NULL, camera_id TEXT NOT NULL, score REAL NOT NULL, level TEXT NOT NULL,
    persons INTEGER NOT NULL, vehicles INTEGER NOT NULL, fps REAL NOT NULL
) STRICT;
INSERT INTO "sample" VALUES(1700000000,'yard','gate',0.0,'WATCH',0,0,9.5);
INSERT INTO "sample" VALUES(1700000001,'yard','gate',0.1,'WATCH',1,0,9.5);
INSERT INTO "sample" VALUES(1700000002,'yard','gate',0.2,'WATCH',2,0,9.5);
CREATE INDEX event_camera ON event (edge_id, camera_id, id);
CREATE INDEX sample_at ON sample (at);
COMMIT;
PRAGMA user_version = 0;
