-- As migration 0036 wrote them.

DROP TRIGGER app_words_added

DROP TRIGGER app_words_changed

CREATE TRIGGER app_words_added AFTER INSERT ON applications BEGIN INSERT INTO search_words (intake_id, state, word, application_id, institution_id) SELECT NEW.intake_id, NEW.state, substr(value, 1, 60), NEW.id, NEW.institution_id FROM json_each('[' || replace(json_quote(NEW.search_text), ' ', '","') || ']') WHERE value <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING; END

CREATE TRIGGER app_words_changed AFTER UPDATE OF search_text, state, consent, intake_id, institution_id ON applications WHEN NEW.search_text IS NOT OLD.search_text OR NEW.state IS NOT OLD.state OR NEW.consent IS NOT OLD.consent OR NEW.intake_id IS NOT OLD.intake_id OR NEW.institution_id IS NOT OLD.institution_id BEGIN DELETE FROM search_words WHERE application_id = NEW.id; INSERT INTO search_words (intake_id, state, word, application_id, institution_id) SELECT NEW.intake_id, NEW.state, substr(value, 1, 60), NEW.id, NEW.institution_id FROM json_each('[' || replace(json_quote(NEW.search_text), ' ', '","') || ']') WHERE value <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING; END
