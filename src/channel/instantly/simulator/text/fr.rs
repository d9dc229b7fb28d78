//! French texts, for the Romandie and France.

use super::{Letter, MailWords, Phrasebook};

/// The French phrases.
pub(super) static PHRASEBOOK: Phrasebook = Phrasebook {
    greetings: &[
        "Bonjour {dear},",
        "Bonjour,",
        "{dear},",
        "Bonjour {sender_first},",
        "Madame, Monsieur,",
        "Bonjour et merci pour votre message.",
    ],
    closings: &[
        "Cordialement,",
        "Meilleures salutations",
        "Bien à vous,",
        "Avec mes meilleures salutations",
        "Bien cordialement,",
        "Sincères salutations",
        "Cdlt,",
    ],
    interested: &[
        "Merci pour votre message. La {topic} nous [prend beaucoup trop de temps|occupe environ {few} heures par semaine], votre solution [m'intéresse|pourrait nous intéresser]. [Pouvez-vous m'envoyer|Merci de me faire parvenir] une documentation sur {product} ?",
        "Cela tombe [bien|à pic] : nous revoyons [actuellement|en ce moment] notre organisation. Nous travaillons avec {vendor} et [les limites se font sentir|personne n'en est satisfait]. Auriez-vous [un exemple|une référence] dans notre branche ?",
        "[Après discussion avec|J'en ai parlé à] {colleague_dear}, nous [serions ouverts|sommes prêts] à faire un essai sur environ {many} dossiers. [Comment procédez-vous ?|Quelles seraient les prochaines étapes ?]",
        "Oui, cela m'intéresse. Nous recevons environ {many} demandes par mois et [nous n'arrivons plus à suivre|une partie reste sans réponse]. [Envoyez-moi les détails|Transmettez-moi votre présentation], je regarderai d'ici {day}.",
        "Le sujet est [d'actualité|prioritaire] chez {company} : notre responsable part à la retraite en {month}. Si {product} permet de conserver son savoir-faire, [je suis preneur|nous sommes intéressés].",
        "Votre approche me paraît [intéressante|convaincante]. Le budget {quarter} est en préparation, [merci de m'envoyer une offre indicative|pourriez-vous me chiffrer cela] pour {few} utilisateurs ?",
    ],
    not_interested: &[
        "Je vous remercie, mais nous n'avons [pas de besoin|aucun besoin] [actuellement|dans ce domaine]. [Bonne continuation.|Je vous souhaite plein succès.]",
        "Nous sommes [déjà équipés|très satisfaits de notre outil] ({vendor}) et ne souhaitons pas changer.",
        "Pas intéressé, merci.",
        "Après [réflexion|discussion avec la direction], nous avons décidé de ne pas donner suite. [Revenez éventuellement vers nous au {quarter}.|Merci de votre compréhension.]",
        "Pour une entreprise de notre taille ({few} offres par mois), [cela ne se justifie pas|l'investissement n'est pas rentable]. [Merci tout de même.|Désolé.]",
        "Les investissements sont gelés jusqu'en {month} ; [nous devons donc décliner votre proposition|ce sera donc non].",
    ],
    question: &[
        "Avant d'aller plus loin : [quel est le prix|combien cela coûte-t-il] pour {few} utilisateurs ? [Y a-t-il une durée minimale ?|La mise en route est-elle comprise ?]",
        "Votre solution [s'interface-t-elle|est-elle compatible] avec [Abacus|Sage|notre ERP (ProConcept)] ? Sans interface, [cela n'a pas d'intérêt pour nous|nous devrions tout saisir deux fois].",
        "Où les données sont-elles hébergées ? Nos clients exigent un hébergement [en Suisse|en Europe]. [Disposez-vous d'un contrat de sous-traitance RGPD ?|Qu'en est-il de la nLPD ?]",
        "Combien de temps dure la mise en place ? Nous sommes {few} personnes à nous occuper de la {topic} et [personne n'a le temps pour un projet|la clôture annuelle approche].",
        "Avez-vous des clients dans [notre branche|la région de {city}] que je pourrais [contacter|appeler] ? Et quelle est la différence avec {vendor} ?",
        "D'où tenez-vous [mes coordonnées|mon adresse] ? [Et que fait exactement {product} ?|Merci de me répondre sur ce point avant tout.]",
    ],
    meeting: &[
        "Volontiers. Seriez-vous disponible {day} {date} à {time} ? Sinon {day2} à {time2}. [Merci d'envoyer une invitation Teams.|Vous pouvez m'appeler au {phone}.]",
        "Le plus simple est de [s'appeler|se parler]. Je suis joignable {day} entre {time} et {time2} au {phone}.",
        "Passez donc nous voir à {city}, {day2} {date2} à {time2}. {colleague_dear} participera à la [séance|réunion]. [Merci de confirmer.|Annoncez-vous à la réception.]",
        "J'ai réservé un créneau via votre lien : {day} {date} à {time}. J'aimerais surtout voir [une démonstration|l'interface avec notre ERP|les prix].",
        "{day} à {time2} me convient. Merci d'inviter également {colleague} ({colleague_mail}). [Trente minutes suffiront.|Nous avons une demi-heure.]",
        "D'accord pour un rendez-vous, mais pas avant le {date2}. Proposez-moi [deux ou trois dates|quelques créneaux], [plutôt le matin|de préférence l'après-midi].",
    ],
    out_of_office: &[
        "Je vous remercie de votre message. Je suis absent[|(e)] du bureau jusqu'au {return_date} [inclus|et ne consulte pas mes e-mails]. En cas d'urgence, veuillez contacter {colleague} : {colleague_mail}.",
        "Je suis actuellement en [congé|vacances|déplacement professionnel] et serai de retour le {return_day} {return_date}. Votre message ne sera pas transféré. [Pour toute urgence : {phone}.|Merci de votre patience.]",
        "Réponse automatique : notre entreprise est fermée pour [les vacances annuelles|l'inventaire] jusqu'au {return_date}. Nous traiterons votre e-mail dès notre retour.",
        "En congé [maternité|parental|maladie] jusqu'en {month}, je suis remplacé par {colleague}, que vous pouvez joindre à l'adresse {colleague_mail}.",
        "Absent du bureau aujourd'hui, je prendrai connaissance de votre message {return_day}. En cas d'urgence, appelez le {mobile}. Ceci est un message automatique.",
    ],
    unsubscribe: &[
        "Merci de [me retirer de|supprimer mon adresse de] votre liste de diffusion.",
        "Je ne souhaite plus recevoir vos messages. [Désinscription immédiate, merci.|Veuillez supprimer {email} de vos fichiers.]",
        "Je n'ai jamais donné mon accord. Conformément [au RGPD|à la nLPD], veuillez effacer mes données et me le confirmer avant le {date2}.",
        "STOP. [Plus de publicité, merci.|C'est le {few}e message !]",
        "Veuillez me désinscrire, le lien prévu à cet effet [ne fonctionne pas|mène à une page d'erreur]. [Merci d'avance.|La prochaine fois, je le signalerai comme spam.]",
    ],
    bounce: &[
        "Votre message à {email} n'a pas pu être remis. Le destinataire est introuvable chez {company}.\n\nRemote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'",
        "Cette adresse n'est plus valable. Merci d'écrire à {colleague_mail}. Votre message n'a pas été transmis.",
        "{me} ne travaille plus chez {company}. Votre e-mail n'a pas été lu. Veuillez vous adresser à {colleague}, {colleague_mail}.",
        "Échec de la remise aux destinataires suivants :\n\n{email}\nLa boîte aux lettres du destinataire est pleine (552 5.2.2). Veuillez réessayer plus tard.",
        "Ceci est un message automatique du serveur de messagerie. <{email}> : 550 5.7.1 message refusé par la politique de sécurité du destinataire.",
    ],
    wrong_person: &[
        "Je ne suis pas la bonne personne pour ce sujet. Veuillez contacter {colleague} : {colleague_mail}.",
        "J'ai changé de fonction [le mois dernier|au printemps] et ne m'occupe plus de la {topic}. [Mon successeur est|Adressez-vous à] {colleague}, {colleague_mail}.",
        "Vous faites erreur de destinataire : je travaille [à la comptabilité|au marketing|à la réception]. Essayez la centrale au {phone} et demandez {colleague_dear}.",
        "Ces décisions se prennent [au siège|à la direction]. Le contact est {colleague} ({colleague_mail}).",
        "Cela ne me concerne pas, j'ai transmis votre message à {colleague_dear}, qui [vous recontactera si besoin|reviendra vers vous en cas d'intérêt].",
    ],
    postscripts: &[
        "",
        "",
        "",
        "Désolé pour cette réponse tardive.",
        "Merci de mettre {colleague_mail} en copie.",
        "Je suis plus facile à joindre le matin.",
        "PS : votre lien est bloqué par notre pare-feu.",
    ],
    answers: &[
        "Bonjour {lead_dear},\n\nMerci pour votre retour. Je vous montrerais volontiers {product} à l'aide d'un exemple de votre branche. Seriez-vous disponible {day} à {time} ou {day2} à {time2}, pour une vingtaine de minutes ?",
        "Bonjour {lead_dear},\n\nMerci, cela me fait plaisir. Vous trouverez la documentation en annexe. Pour une entreprise de votre taille, il faut compter environ {money} par an, mise en route comprise. Pouvons-nous en parler {day} à {time} ?",
    ],
    letters: [
        [
            Letter {
                subject: "{topic} chez {company}",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Des entreprises comme {company} consacrent souvent plus d'un jour par semaine à la {topic}. Ce n'est pas la faute des équipes : les données doivent être rassemblées à la main dans des e-mails, des PDF et des tableaux.",
                    "{product} lit la demande, la compare avec vos expériences passées et vous soumet une proposition. La décision reste entre vos mains.",
                    "Auriez-vous un quart d'heure la semaine prochaine ?",
                ],
            },
            Letter {
                subject: "Une question, {lead_dear}",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Puis-je vous demander comment {company} organise aujourd'hui la {topic} ? Dans la région de {city}, beaucoup nous disent que tout repose sur deux ou trois personnes expérimentées.",
                    "C'est pour cela que nous avons développé {product}. Un client de 60 collaborateurs économise ainsi onze heures par semaine.",
                    "Souhaitez-vous que je vous envoie un exemple ?",
                ],
            },
        ],
        [
            Letter {
                subject: "",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Je voulais simplement m'assurer que mon dernier message vous était bien parvenu.",
                    "Si ce n'est pas d'actualité, un simple « non » suffit. Sinon, <a href=\"https://www.alpenblick-software.example/fr/exemple\">voici un exemple en deux minutes</a>.",
                ],
            },
            Letter {
                subject: "",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Une précision : la mise en route est plus légère qu'on ne le pense. La plupart de nos clients sont opérationnels en dix jours ouvrables.",
                    "Pouvons-nous nous parler {day} à {time} ?",
                ],
            },
        ],
        [
            Letter {
                subject: "Un exemple de votre branche",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Une entreprise près de {city} a ramené ses délais de quatre jours à une demi-journée avec {product}. Je vous envoie volontiers son témoignage.",
                    "Cela vous intéresse-t-il ?",
                ],
            },
            Letter {
                subject: "{product} : ce que cela coûte",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "La question la plus fréquente est celle du prix. En bref : aucun frais d'installation, et vous pouvez arrêter après 90 jours.",
                    "Tous les détails sont <a href=\"https://www.alpenblick-software.example/fr/prix\">sur cette page</a>.",
                ],
            },
        ],
        [
            Letter {
                subject: "",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Ceci est mon dernier message à ce sujet.",
                    "Qui serait la bonne personne chez {company} ? Si vous ne souhaitez plus de messages, répondez simplement « désinscription ».",
                ],
            },
            Letter {
                subject: "",
                paragraphs: &[
                    "Bonjour {lead_dear},",
                    "Le moment n'est sans doute pas idéal. Puis-je revenir vers vous en {month} ?",
                ],
            },
        ],
    ],
    sender_closing: "Meilleures salutations",
    words: MailWords {
        outlook: ["De : ", "Envoyé : ", "À : ", "Objet : "],
        mobile: &["Envoyé de mon iPhone", "Télécharger Outlook pour iOS", "Envoyé depuis mon mobile"],
        reply_prefix: &["RE: ", "Re: ", "RE : "],
        away_prefix: &["Réponse automatique : ", "Absence du bureau : "],
        bounce_prefix: &["Non remis : ", "Undelivered Mail Returned to Sender: "],
        phone_labels: &[("Tél.", "Mobile"), ("T", "M"), ("Direct", "Natel")],
        disclaimer: "Ce message est confidentiel et destiné exclusivement à son destinataire. Si vous l'avez reçu par erreur, merci d'en avertir l'expéditeur et de le détruire.",
    },
    weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    weekdays_short: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    months_short: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    vendors: &["OffriPlus", "DevisMaître", "Calculo Pro"],
    custom_labels: &["Rappel T1", "Documentation envoyée", "Partenaire"],
};
