//! English texts, for the United Kingdom and the United States.

use super::{Letter, MailWords, Phrasebook};

/// The English phrases.
pub(super) static PHRASEBOOK: Phrasebook = Phrasebook {
    greetings: &[
        "Hi {sender_first},",
        "Hello {sender_first},",
        "Dear {dear},",
        "Good morning {sender_first},",
        "{sender_first},",
        "Hi there,",
        "Hello,",
    ],
    closings: &["Kind regards,", "Best regards,", "Thanks,", "Many thanks,", "Regards,", "Cheers,", "Best,"],
    interested: &[
        "Thanks for [getting in touch|reaching out|the note]. {topic} is [a real headache|something we struggle with] here – we lose around {few} hours a week on it. [Could you send me some more information|Please send over more detail] on {product}?",
        "[Good timing|Funny timing]: we are reviewing exactly this for {quarter}. We currently use {vendor} and [nobody likes it|it is showing its age]. [I'd be keen to learn more|Tell me more], ideally with an example from a shop of our size.",
        "This looks [interesting|promising]. We get about {many} enquiries a month and [turn too many of them away|answer half of them late]. [What would you need from us|What are the next steps] to see whether it fits?",
        "Yes, [happy to take a look|count me in]. Send me [the case study|a short deck|pricing and a couple of references] and I'll share it with {colleague}.",
        "I [forwarded|showed] this to our leadership team and there is [some|real] interest. [A pilot on one product line could work|We could trial it with {few} users]. How would you [set that up|go about it]?",
        "Appreciate the persistence! We have budget for this from {month}. [Please send me what you have|Could you put together a rough proposal] for {company}, about {many} users.",
        "[Sounds good|I like the idea]. Our estimator retires in {month} and we need the know-how out of his head before then. [Let me have the details|Can you share how others did this]?",
    ],
    not_interested: &[
        "Thanks, but [this isn't something we need|we're all set] at the moment. [Good luck with it.|All the best.]",
        "We [already work with|signed a three-year deal with] {vendor} and are [happy with it|not looking to change].",
        "Not interested, thank you.",
        "I've discussed this with {colleague} and we've decided [not to take it any further|to pass]. [Maybe look us up again in {quarter}.|Thanks for your time.]",
        "We're a small shop doing {few} quotes a month, so [it wouldn't pay for itself|there's no case for it]. [Appreciate the offer though.|Thanks anyway.]",
        "All capital spending is frozen until [at least {month}|further notice], so it's a no from us [for now|, I'm afraid].",
        "Group IT in head office decides on all systems and they [won't allow|don't approve] anything outside the standard stack. [So no, sorry.|Please don't spend more time on us.]",
    ],
    question: &[
        "[Quick question|One question before we go on]: what does it cost for a team of {few}? [Is there a minimum term?|Is onboarding included?]",
        "Does {product} integrate with [Sage|NetSuite|our ERP (Epicor)]? If we have to key everything in twice [it's a non-starter|there's no point].",
        "Where is the data [hosted|stored]? Our customers [are in defence|insist on UK hosting], so we'd need [ISO 27001|a data processing agreement] before anything else.",
        "How long does it [take to get going|take to implement]? We've got {few} people on this and [none of them has time for a project|year end coming up].",
        "Do you have [any references|customers] in [our industry|the {city} area] I could [talk to|call]? And how are you different from {vendor}?",
        "[Can it read|How does it cope with] drawings and hand-written mark-ups? We have roughly {many} variants and [customers send everything as scanned PDFs|most of the history is on paper].",
        "[Where did you get my details|How did you come by my address]? And [is this software or a service|what exactly would you need from us]?",
    ],
    meeting: &[
        "Happy to talk. Would {day} {date} at {time} work? Otherwise {day2} at {time2}. [Please send a Teams invite.|Call me on {phone}.]",
        "Let's [jump on a call|set up a call]. I'm free {day} between {time} and {time2}, direct line {phone}.",
        "I've just [booked a slot|put something in] through your calendar link: {day} {date}, {time}. [Speak then.|Please confirm you got it.] I'd mostly like to see [the integration|pricing|a live demo].",
        "Could you [come to see us|visit us] in {city}? {day2} {date2} at {time2} would suit, and {colleague} from operations would join.",
        "{day} at {time2} works for me. Please add {colleague} ({colleague_mail}) to the invite. [30 minutes should do.|We only have half an hour.]",
        "Sure, but not before {date2}. Send me [two or three times|some options], [mornings are best|afternoons are easier], and we'll do [a demo|a proper walk-through].",
        "Give me a ring [on {day}|tomorrow|early next week] around {time}, cell {mobile}, and we'll [fix a date|find a time] with our MD.",
    ],
    out_of_office: &[
        "Thank you for your email. I am out of the office until {return_day} {return_date} with [limited|no] access to email. For anything urgent please contact {colleague} at {colleague_mail}.",
        "I am currently on [annual leave|vacation|parental leave] and will be back on {return_date}. Your message [has not been forwarded|will not be forwarded]. If it can't wait, call {phone}.",
        "Automatic reply: I'm [at a trade show|travelling|in workshops all day] and will respond to your email on my return on {return_day}, {return_date}.",
        "I work part-time. I will pick up your email on {return_day}. If your enquiry is urgent, please call the office on {phone}.",
        "{company} is closed for the [holidays|annual shutdown] and will reopen on {return_day} {return_date}. Emails will be answered in the order they were received.",
        "I'm away until {return_date} and [checking email occasionally|not checking email]. {colleague} is covering for me: {colleague_mail}. This is an automated response.",
    ],
    unsubscribe: &[
        "Please [remove me from|take me off] your mailing list. [Thanks.|]",
        "Unsubscribe[.| please.| me.]",
        "I never [signed up for|agreed to] these emails. Please delete my data and confirm [in writing|by {date2}] that you have done so [under UK GDPR|].",
        "Stop emailing me. [This is the {few}th message.|Next one gets reported as spam.]",
        "Kindly take {email} and everybody else at {company} off your list. The opt-out link [doesn't work|goes nowhere].",
        "Do not contact me again. [I did not consent to marketing.|CAN-SPAM applies to you too.]",
    ],
    bounce: &[
        "Your message to {email} couldn't be delivered.\n\n{first} wasn't found at {company}.\n\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'",
        "This is the mail system at host mx1.\n\nI'm sorry to have to inform you that your message could not be delivered to one or more recipients.\n\n<{email}>: 550 5.1.1 The email account that you tried to reach does not exist. (in reply to RCPT TO command)",
        "This mailbox is no longer monitored. Please direct your enquiry to {colleague_mail}. Your message has not been read.",
        "{me} has left {company}. This message was not delivered. Please contact {colleague} at {colleague_mail} instead.",
        "Delivery has failed to these recipients or groups:\n\n{email}\nThe recipient's mailbox is full and can't accept messages now. Please try resending your message later.",
        "Message blocked. Your message to {email} has been blocked by the recipient's mail gateway: 554 5.7.1 rejected for policy reasons.",
    ],
    wrong_person: &[
        "I'm not the right person for this. [Please try|You want to speak to] {colleague}, {colleague_mail}.",
        "I [moved on from|left] that role [last month|in spring]; {colleague} now looks after {topic}. [Best to email {colleague_mail}.|Please update your records.]",
        "You've got the wrong {first}, I'm afraid – I run [facilities|payroll|the front desk]. Try the main number {phone} and ask for {colleague}.",
        "This is handled by [head office|our purchasing team]. The contact there is {colleague} ({colleague_mail}).",
        "Not my area, so I've passed this to {colleague}. If there's interest [they'll get in touch|you'll hear from us].",
        "I look after [marketing|quality] only and have nothing to do with {topic}. The person responsible at {company} is {colleague}.",
    ],
    postscripts: &[
        "",
        "",
        "",
        "",
        "Sorry for the slow reply.",
        "PS: the link in your email is blocked by our firewall.",
        "Please copy in {colleague_mail} going forward.",
        "Best reached by phone in the mornings.",
    ],
    answers: &[
        "Hi {first},\n\nThanks for coming back to me. I'd be glad to show you {product} with an example from your line of work. Would {day} at {time} or {day2} at {time2} suit for 20 minutes?",
        "Hi {first},\n\nGreat to hear. I've attached the overview you asked for. For a company of your size it comes to roughly {money} a year, onboarding included. Shall we talk on {day} at {time}?",
    ],
    letters: [
        [
            Letter {
                subject: "{topic} at {company}",
                paragraphs: &[
                    "Hi {first},",
                    "Companies like {company} often spend more than a day a week on {topic}, mostly because the numbers have to be collected by hand from emails, PDFs and spreadsheets.",
                    "{product} reads the request, compares it with your own past jobs and drafts the answer. You stay in charge of what goes out.",
                    "Would you have 15 minutes next week?",
                ],
            },
            Letter {
                subject: "Quick question about {topic}, {first}",
                paragraphs: &[
                    "Hi {first},",
                    "May I ask how {company} handles {topic} today? Many businesses around {city} tell us it depends on two or three experienced people – and gets tight as soon as one of them is away.",
                    "That is what we built {product} for. One customer with 60 staff saves eleven hours a week with it.",
                    "Shall I send you an example?",
                ],
            },
        ],
        [
            Letter {
                subject: "",
                paragraphs: &[
                    "Hi {first},",
                    "Just checking that my last message reached you.",
                    "If {topic} is not on your list right now, a short \"no\" is fine. If it is, <a href=\"https://www.alpenblick-software.example/example\">here is a two-minute example</a>.",
                ],
            },
            Letter {
                subject: "",
                paragraphs: &[
                    "Hi {first},",
                    "One more thought: getting started takes less than people expect. Most teams are up and running within ten working days.",
                    "Could we talk on {day} at {time}?",
                ],
            },
        ],
        [
            Letter {
                subject: "An example from your industry",
                paragraphs: &[
                    "Hi {first},",
                    "A company near {city} cut its turnaround for {topic} from four days to half a day with {product}. Happy to send you the write-up.",
                    "Would that be useful?",
                ],
            },
            Letter {
                subject: "{product}: what it costs and what you get",
                paragraphs: &[
                    "Hi {first},",
                    "The question we hear most is about cost. In short: no set-up fee, and you can walk away after 90 days.",
                    "The details are <a href=\"https://www.alpenblick-software.example/pricing\">on this page</a>. Happy to answer questions.",
                ],
            },
        ],
        [
            Letter {
                subject: "",
                paragraphs: &[
                    "Hi {first},",
                    "I don't want to clutter your inbox, so this is my last note on the subject.",
                    "Who at {company} would be the right person for {topic}? If you'd rather not hear from us, just reply \"unsubscribe\".",
                ],
            },
            Letter {
                subject: "",
                paragraphs: &["Hi {first},", "I suppose the timing isn't right. May I get back to you in {month}?"],
            },
        ],
    ],
    sender_closing: "Kind regards",
    words: MailWords {
        outlook: ["From: ", "Sent: ", "To: ", "Subject: "],
        mobile: &["Sent from my iPhone", "Get Outlook for iOS", "Sent from my Galaxy"],
        reply_prefix: &["Re: ", "RE: "],
        away_prefix: &["Automatic reply: ", "Out of office: ", "Out of Office Re: "],
        bounce_prefix: &[
            "Undeliverable: ",
            "Undelivered Mail Returned to Sender: ",
            "Delivery Status Notification (Failure): ",
        ],
        phone_labels: &[("T", "M"), ("Tel", "Mob"), ("Office", "Cell"), ("Direct", "Mobile")],
        disclaimer: "This email and any attachments are confidential and intended solely for the addressee. If you have received it in error, please notify the sender and delete it.",
    },
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    weekdays_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    months_short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    vendors: &["QuoteForge", "ShopLedger", "EstimatePro 9", "JobBoss-alike"],
    custom_labels: &["Call back Q1", "Reseller / partner", "Sent brochure"],
};
