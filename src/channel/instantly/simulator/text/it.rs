//! Italian texts, for the Ticino and Italy.

use super::{Letter, MailWords, Phrasebook};

/// The Italian phrases.
pub(super) static PHRASEBOOK: Phrasebook = Phrasebook {
    greetings: &["Buongiorno {dear},", "Buongiorno,", "Gentile {dear},", "Egregi Signori,", "Salve {sender_first},"],
    closings: &[
        "Cordiali saluti",
        "Distinti saluti",
        "Un cordiale saluto",
        "Grazie e cordiali saluti",
        "Saluti",
        "Buona giornata",
    ],
    interested: &[
        "La ringrazio per il messaggio. La {topic} ci [porta via circa {few} ore alla settimana|occupa troppo tempo] e la Sua proposta [mi interessa|potrebbe essere interessante]. [Può inviarmi|Mi mandi per favore] della documentazione su {product}?",
        "[Capita a proposito|Ottimo tempismo]: stiamo rivedendo i nostri processi. Oggi usiamo {vendor} e [non siamo soddisfatti|mostra i suoi limiti]. Avete [un esempio|qualche referenza] nel nostro settore?",
        "Ne ho parlato con {colleague} e [saremmo disposti|siamo interessati] a fare una prova su circa {many} pratiche. [Come si procede?|Quali sarebbero i prossimi passi?]",
        "Sì, ci interessa. Riceviamo circa {many} richieste al mese e [non riusciamo a rispondere a tutte|molte restano in sospeso]. [Mi invii i dettagli|Mi faccia avere una presentazione] entro {day}.",
        "L'argomento è [attuale|prioritario] per {company}: il nostro responsabile va in pensione a {month}. [Vorrei saperne di più|Mi piacerebbe capire meglio come funziona {product}].",
    ],
    not_interested: &[
        "La ringrazio, ma al momento non [abbiamo bisogno|ne abbiamo necessità]. [Le auguro buon lavoro.|Buona continuazione.]",
        "Utilizziamo già {vendor} e [siamo soddisfatti|non intendiamo cambiare].",
        "Non siamo interessati, grazie.",
        "Dopo [averne discusso in direzione|una valutazione interna] abbiamo deciso di non procedere. [Eventualmente ci risentiamo nel {quarter}.|Grazie comunque.]",
        "Per un'azienda delle nostre dimensioni ({few} preventivi al mese) [non conviene|l'investimento non si giustifica]. [Grazie lo stesso.|Mi dispiace.]",
    ],
    question: &[
        "Prima di proseguire: [quanto costa|qual è il prezzo] per {few} utenti? [C'è una durata minima del contratto?|L'avviamento è compreso?]",
        "Il vostro prodotto si integra con [Zucchetti|SAP Business One|il nostro gestionale]? Senza interfaccia [non ci serve|dovremmo inserire tutto due volte].",
        "Dove vengono conservati i dati? I nostri clienti chiedono server [in Svizzera|in Europa]. [Avete un contratto secondo il GDPR?|Siete conformi alla nuova LPD?]",
        "Quanto tempo richiede l'introduzione? Siamo in {few} a occuparci della {topic} e [nessuno ha tempo per un progetto|siamo in chiusura d'anno].",
        "Avete clienti [nel nostro settore|nella zona di {city}] con cui potrei parlare? E in cosa vi distinguete da {vendor}?",
    ],
    meeting: &[
        "Volentieri. Le andrebbe bene {day} {date} alle {time}? In alternativa {day2} alle {time2}. [Mi mandi un invito Teams.|Mi può chiamare allo {phone}.]",
        "Meglio sentirsi [al telefono|a voce]. Sono raggiungibile {day} tra le {time} e le {time2}, numero diretto {phone}.",
        "Venga a trovarci a {city}, {day2} {date2} alle {time2}. Sarà presente anche {colleague}. [Attendo conferma.|Si annunci in portineria.]",
        "Ho prenotato un appuntamento dal Suo link: {day} {date} alle {time}. Mi interessa soprattutto vedere [una dimostrazione|i prezzi|l'interfaccia con il gestionale].",
        "{day} alle {time2} per me va bene. Inviti per favore anche {colleague} ({colleague_mail}). [Mezz'ora è sufficiente.|Abbiamo solo mezz'ora.]",
    ],
    out_of_office: &[
        "Grazie per il Suo messaggio. Sono assente dall'ufficio fino al {return_date} e [non leggo la posta|leggo la posta solo saltuariamente]. Per urgenze può contattare {colleague}: {colleague_mail}.",
        "Sono in [ferie|trasferta|congedo] e rientrerò {return_day} {return_date}. Il messaggio non verrà inoltrato. [Per urgenze: {phone}.|Grazie per la comprensione.]",
        "Risposta automatica: la nostra azienda rimane chiusa per [ferie aziendali|inventario] fino al {return_date}. Risponderemo al rientro.",
        "Oggi sono fuori ufficio e potrò rispondere solo da {return_day}. In caso di necessità può chiamare il {mobile}. Questo è un messaggio automatico.",
    ],
    unsubscribe: &[
        "Vi prego di [cancellarmi|togliermi] dalla vostra lista. [Grazie.|Non desidero altre e-mail.]",
        "Non ho mai autorizzato questi invii. Ai sensi [del GDPR|della LPD] chiedo la cancellazione dei miei dati e una conferma entro il {date2}.",
        "Cancellatemi, per favore. Il link di disiscrizione [non funziona|porta a una pagina di errore].",
        "STOP. [Basta pubblicità.|È il {few}° messaggio.] Togliete l'indirizzo {email}.",
    ],
    bounce: &[
        "Il messaggio inviato a {email} non è stato recapitato. Destinatario non trovato presso {company}.\n\nRemote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'",
        "Questo indirizzo non è più attivo. Si prega di scrivere a {colleague_mail}. Il messaggio non è stato inoltrato.",
        "{me} non lavora più presso {company}. La Sua e-mail non è stata letta. Per informazioni: {colleague}, {colleague_mail}.",
        "Recapito non riuscito ai seguenti destinatari:\n\n{email}\nLa casella di posta del destinatario è piena (552 5.2.2). Riprovare più tardi.",
    ],
    wrong_person: &[
        "Non sono la persona giusta per questo tema. La prego di rivolgersi a {colleague}: {colleague_mail}.",
        "Ho cambiato funzione [il mese scorso|in primavera] e non mi occupo più della {topic}. [Il mio successore è|Si rivolga a] {colleague}, {colleague_mail}.",
        "Ha sbagliato destinatario: io lavoro [in contabilità|nel marketing|in portineria]. Provi con il centralino {phone} e chieda di {colleague}.",
        "Queste decisioni si prendono [in sede centrale|in direzione]. Il contatto è {colleague} ({colleague_mail}).",
        "Non è di mia competenza, ho inoltrato il messaggio a {colleague}, che [La contatterà se interessato|si farà vivo in caso di interesse].",
    ],
    postscripts: &[
        "",
        "",
        "",
        "Scusi per il ritardo nella risposta.",
        "Metta per favore in copia {colleague_mail}.",
        "Mi trova più facilmente la mattina.",
        "PS: il link nella Sua mail è bloccato dal nostro firewall.",
    ],
    answers: &[
        "Buongiorno {lead_dear},\n\ngrazie per la risposta. Le mostrerei volentieri {product} con un esempio del Suo settore. Avrebbe venti minuti {day} alle {time} oppure {day2} alle {time2}?",
        "Buongiorno {lead_dear},\n\ngrazie, mi fa piacere. In allegato trova la documentazione. Per un'azienda delle vostre dimensioni il costo è di circa {money} all'anno, avviamento compreso. Possiamo sentirci {day} alle {time}?",
    ],
    letters: [
        [
            Letter {
                subject: "{topic} in {company}",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "aziende come {company} dedicano spesso più di un giorno alla settimana alla {topic}. Non dipende dalle persone: i dati vanno raccolti a mano da e-mail, PDF e fogli Excel.",
                    "{product} legge la richiesta, la confronta con i vostri lavori precedenti e prepara una bozza. La decisione resta sempre vostra.",
                    "Avrebbe un quarto d'ora la prossima settimana?",
                ],
            },
            Letter {
                subject: "Una domanda, {lead_dear}",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "posso chiederLe come {company} gestisce oggi la {topic}? Nella zona di {city} molti ci dicono che tutto dipende da due o tre persone esperte.",
                    "Per questo abbiamo sviluppato {product}. Un cliente con 60 collaboratori risparmia undici ore alla settimana.",
                    "Le mando un esempio?",
                ],
            },
        ],
        [
            Letter {
                subject: "",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "volevo solo assicurarmi che il mio ultimo messaggio Le fosse arrivato.",
                    "Se il tema non è attuale basta un semplice «no». Altrimenti <a href=\"https://www.alpenblick-software.example/it/esempio\">ecco un esempio di due minuti</a>.",
                ],
            },
            Letter {
                subject: "",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "un'ultima precisazione: l'avviamento è più semplice di quanto si pensi. Di solito bastano dieci giorni lavorativi.",
                    "Possiamo sentirci {day} alle {time}?",
                ],
            },
        ],
        [
            Letter {
                subject: "Un esempio del Suo settore",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "un'azienda vicino a {city} ha ridotto i tempi da quattro giorni a mezza giornata con {product}. Le invio volentieri la testimonianza.",
                    "Le interessa?",
                ],
            },
            Letter {
                subject: "{product}: quanto costa",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "la domanda più frequente riguarda il prezzo. In breve: nessun costo di attivazione e possibilità di uscire dopo 90 giorni.",
                    "I dettagli sono <a href=\"https://www.alpenblick-software.example/it/prezzi\">su questa pagina</a>.",
                ],
            },
        ],
        [
            Letter {
                subject: "",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "questo è il mio ultimo messaggio sull'argomento.",
                    "Chi sarebbe la persona giusta in {company}? Se non desidera altri messaggi, risponda semplicemente «cancellami».",
                ],
            },
            Letter {
                subject: "",
                paragraphs: &[
                    "Buongiorno {lead_dear},",
                    "forse non è il momento giusto. Posso ricontattarLa a {month}?",
                ],
            },
        ],
    ],
    sender_closing: "Cordiali saluti",
    words: MailWords {
        outlook: ["Da: ", "Inviato: ", "A: ", "Oggetto: "],
        mobile: &["Inviato da iPhone", "Scarica Outlook per iOS", "Inviato dal mio cellulare"],
        reply_prefix: &["R: ", "Re: ", "RE: "],
        away_prefix: &["Risposta automatica: ", "Fuori ufficio: "],
        bounce_prefix: &["Non recapitabile: ", "Undelivered Mail Returned to Sender: "],
        phone_labels: &[("Tel.", "Cell."), ("T", "M"), ("Diretto", "Mobile")],
        disclaimer: "Questo messaggio è riservato al destinatario indicato. Se lo avete ricevuto per errore, vi preghiamo di avvisare il mittente e di cancellarlo.",
    },
    weekdays: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
    weekdays_short: ["lun", "mar", "mer", "gio", "ven", "sab", "dom"],
    months: [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    months_short: ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"],
    vendors: &["PreventiPiù", "GestOfferte", "OffertaNet"],
    custom_labels: &["Richiamare T1", "Documentazione inviata"],
};
