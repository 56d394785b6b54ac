-- What is there already.
INSERT INTO search_words (intake_id, state, word, application_id, institution_id)
SELECT a.intake_id, a.state, substr(w.value, 1, 60), a.id, a.institution_id FROM applications a, json_each('[' || replace(json_quote(a.search_text), ' ', '","') || ']') w
WHERE w.value <> '' AND a.consent NOT IN ('waiting', 'withdrawn') ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
