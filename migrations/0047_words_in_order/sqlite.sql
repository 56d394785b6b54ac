-- The words of a file are written with the name by which lists are ordered. The statements are told apart by empty lines.

DROP TRIGGER app_words_added

DROP TRIGGER app_words_changed

CREATE TRIGGER app_words_added AFTER INSERT ON applications BEGIN INSERT INTO search_words (intake_id, state, word, application_id, institution_id, sort_name) SELECT NEW.intake_id, NEW.state, substr(value, 1, 60), NEW.id, NEW.institution_id, NEW.sort_name FROM json_each('[' || replace(json_quote(NEW.search_text), ' ', '","') || ']') WHERE value <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING; END

CREATE TRIGGER app_words_changed AFTER UPDATE OF search_text, state, consent, intake_id, institution_id, sort_name ON applications WHEN NEW.search_text IS NOT OLD.search_text OR NEW.state IS NOT OLD.state OR NEW.consent IS NOT OLD.consent OR NEW.intake_id IS NOT OLD.intake_id OR NEW.institution_id IS NOT OLD.institution_id OR NEW.sort_name IS NOT OLD.sort_name BEGIN DELETE FROM search_words WHERE application_id = NEW.id; INSERT INTO search_words (intake_id, state, word, application_id, institution_id, sort_name) SELECT NEW.intake_id, NEW.state, substr(value, 1, 60), NEW.id, NEW.institution_id, NEW.sort_name FROM json_each('[' || replace(json_quote(NEW.search_text), ' ', '","') || ']') WHERE value <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING; END
