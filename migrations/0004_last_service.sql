-- What a device last spoke, where gateways of 0.1.0 know no word for it: `last_protocol` holds the one of theirs that is
-- nearest, for they take no login of a device whose word they do not know. It counts only while that word still stands there:
-- they write `last_protocol` and leave this as it is.

alter table app_password add column last_service text;
