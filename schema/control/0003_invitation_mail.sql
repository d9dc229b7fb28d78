-- Invitations by mail are counted for each organization: one must not use up what the others may send to an address.
ALTER TABLE mail ADD COLUMN organization_id BLOB NOT NULL DEFAULT x'';
