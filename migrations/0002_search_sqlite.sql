-- The trigrams of message_text, by the message's id: proposes what SEARCH then compares. The text is not stored again.
create virtual table message_index using fts5 (
    from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key
  , content = '', contentless_delete = 1, detail = column, tokenize = 'trigram case_sensitive 1'
);
