-- Whether the client began the session without proving who it is. Of a session that was bound to a key later, before this
-- was noted, that cannot be told any more: it counts as what it is now.
ALTER TABLE token ADD COLUMN began_public BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE token SET began_public = TRUE WHERE client_auth IS NULL;
