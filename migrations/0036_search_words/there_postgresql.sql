-- What is there already.
INSERT INTO search_words (intake_id, state, word, application_id, institution_id)
SELECT a.intake_id, a.state, left(w.word, 60), a.id, a.institution_id FROM applications a, string_to_table(a.search_text, ' ') AS w (word)
WHERE w.word <> '' AND a.consent NOT IN ('waiting', 'withdrawn') ORDER BY 1, 2, left(w.word, 60) COLLATE "C" ON CONFLICT DO NOTHING
