-- A file's row follows its notes, the times that it was given and its corrections, whoever writes them. The statements
-- are told apart by empty lines.

CREATE TRIGGER app_notes_added AFTER INSERT ON notes BEGIN UPDATE applications SET noted = EXISTS (SELECT 1 FROM notes WHERE application_id = NEW.application_id) WHERE id = NEW.application_id; END

CREATE TRIGGER app_notes_gone AFTER DELETE ON notes BEGIN UPDATE applications SET noted = EXISTS (SELECT 1 FROM notes WHERE application_id = OLD.application_id) WHERE id = OLD.application_id; END

CREATE TRIGGER app_extensions_added AFTER INSERT ON extensions BEGIN UPDATE applications SET extended = EXISTS (SELECT 1 FROM extensions WHERE application_id = NEW.application_id AND revoked_at IS NULL) WHERE id = NEW.application_id; END

CREATE TRIGGER app_extensions_changed AFTER UPDATE ON extensions BEGIN UPDATE applications SET extended = EXISTS (SELECT 1 FROM extensions WHERE application_id = NEW.application_id AND revoked_at IS NULL) WHERE id = NEW.application_id; END

CREATE TRIGGER app_extensions_gone AFTER DELETE ON extensions BEGIN UPDATE applications SET extended = EXISTS (SELECT 1 FROM extensions WHERE application_id = OLD.application_id AND revoked_at IS NULL) WHERE id = OLD.application_id; END

CREATE TRIGGER app_corrections_added AFTER INSERT ON corrections BEGIN UPDATE applications SET correction = coalesce((SELECT state FROM corrections WHERE application_id = NEW.application_id ORDER BY id DESC LIMIT 1), 'none') WHERE id = NEW.application_id; END

CREATE TRIGGER app_corrections_changed AFTER UPDATE ON corrections BEGIN UPDATE applications SET correction = coalesce((SELECT state FROM corrections WHERE application_id = NEW.application_id ORDER BY id DESC LIMIT 1), 'none') WHERE id = NEW.application_id; END

CREATE TRIGGER app_corrections_gone AFTER DELETE ON corrections BEGIN UPDATE applications SET correction = coalesce((SELECT state FROM corrections WHERE application_id = OLD.application_id ORDER BY id DESC LIMIT 1), 'none') WHERE id = OLD.application_id; END
