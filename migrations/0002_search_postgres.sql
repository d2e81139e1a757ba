-- The trigrams of message_text: proposes what SEARCH then compares. New ones wait in a list that is kept short: who fills
-- it sorts it in.
create index message_text_trigrams on message_text using gin (
    from_key gin_trgm_ops, to_key gin_trgm_ops, cc_key gin_trgm_ops, bcc_key gin_trgm_ops, subject_key gin_trgm_ops
  , header_key gin_trgm_ops, text_key gin_trgm_ops
) with (fastupdate = on, gin_pending_list_limit = 1024);
