"""Sentences about a man, written for this project, to measure how "her" and "his" are told apart.

``him`` and ``his`` stand as they are; ``his*`` marks the form without a noun ("the book is his"), which feminises to
"hers". WORKED were written before the rules were tuned and served to tune them; HELD_OUT were written after that and
never used to change a rule.
"""

from __future__ import annotations

import re

WORKED = """
I told him the truth.
We saw him yesterday.
He lost his keys in the park.
The manager praised his work.
They gave him a second chance.
His boss called him into the office.
I have never met his parents.
The book on the table is his*.
A friend of his* came to dinner.
He cut his hand while cooking.
The doctor asked him how he felt.
Nobody believed him at first.
The company fired him because he was late.
The committee rejected his application.
My team visited him in hospital.
He parked his old car outside.
The teacher made him cry.
They let him go home early.
I heard him sing in the kitchen.
We watched him leave the building.
The noise kept him awake.
The news made him very happy.
His recently published novel sold well.
We admired his most famous painting.
The police arrested him, and his lawyer protested.
Tell him that his parcel has arrived.
I like him.
I like his style.
The dog followed him everywhere.
The bank refused him a loan.
His two cats sleep all day.
The jury found him guilty.
They found his wallet under the seat.
He wrote his first book at twenty.
Everyone thanked him for his help.
I sent him an e-mail about his order.
The idea was entirely his*.
That decision is his* to make.
He is proud of his own garden.
Somebody stole his bike last night.
The coach wanted him on the team.
His English is excellent.
I spoke to him briefly.
I spoke to his assistant.
The letter was addressed to him personally.
He brushed his teeth and went to bed.
My phone is newer than his*.
The city honoured him with a medal.
I drove him home after the party.
In his home he keeps many plants.
They brought him back to the station.
He hurt his back at work.
We invited him to our house.
The chef showed him how to cut onions.
His slowly growing business needs staff.
I saw him standing at the door.
His standing in the community is high.
The court ordered him to pay.
He forgot his umbrella again.
I remember him well.
They helped him find a flat.
The nurse checked his temperature.
The company paid his expenses.
He finished his dinner and paid.
Without him the project would fail.
Without his support the project would fail.
The rain soaked him and his jacket.
They consider him a good driver.
They consider his driving dangerous.
The claim was his*, not mine.
Nothing could stop him now.
I doubt his story.
I doubt him.
Many people love his music.
The clerk brought him his coffee.
All his friends came.
I trust his judgement more than mine.
We need him here.
The insurance company contacted him twice.
He has lived in his flat since May.
The supervisor criticised him in front of his colleagues.
His claim was denied after he missed the deadline.
Please ask him whether he received his refund.
The agency offered him a better job.
His then employer supported him.
The fans adore him!
Was it his fault?
Did you see him?
"I know him," said the clerk.
His voice, calm and low, surprised me.
The crowd cheered him loudly.
The film tells his life story.
The actor gives his best performance.
We followed him into the forest.
The storm caught him unprepared.
I want him to succeed.
He would not let his team down.
The audience gave him flowers.
The clerk handed him his passport and smiled.
Several of his poems were translated.
The prize changed him.
He told his neighbours about it.
The director chose him over me.
I looked at him and smiled.
I looked at his shoes.
The bus nearly hit him as he crossed.
The hotel upgraded him for free.
His wages are low.
People call him clever.
""".strip().splitlines()

HELD_OUT = """
My agent never answers his calls, so I wrote to him.
The airline lost his suitcase in Lisbon.
Nurses looked after him until dawn.
He said the fault was his*.
They promoted him to team leader.
His patience ran out.
The board removed him from his post.
A stranger helped him across the street.
His answer surprised everybody.
We heard him laughing upstairs.
The medicine helped him sleep.
The interview made him nervous.
The reviewers called his argument weak.
The reviewers called him a genius.
He kept his promise.
The seat next to him was empty.
The seat next to his desk was empty.
The lake near his cabin froze.
Nothing about him seemed unusual.
I borrowed a pen from him.
I borrowed a pen from his drawer.
The support agent told him to restart his router.
The support agent ignored him completely.
His carefully prepared speech went wrong.
The critics loved his latest album.
The critics loved him for it.
Doctors operated on his left knee.
The bill was sent to him by mistake.
His account was locked, which annoyed him.
Ask him about his plans.
The agency raised his rent twice.
He invested his savings badly.
The bear chased him up a tree.
The voters elected him with a large majority.
You should read his essays.
You should call him.
You should call him back tomorrow.
Is this bag his* or yours?
Those shoes are his*.
The choice was not his*.
It was no fault of his*.
Neither his age nor his health stopped him.
His only regret is the price.
I gave his seat to someone else.
They sold his house.
They let him keep the deposit.
The sun burnt his face.
The guards searched him and took his phone.
The editor corrected his grammar.
The heavy bag hurt his shoulder.
He raised his hand.
The teacher saw him raise his hand.
I like how he treats his staff.
We celebrated his birthday on Friday.
I met him on Friday.
I met him last Friday.
The neighbours complained about him again.
The report mentions him only once.
The report mentions his only arrest.
A stranger threatened him.
An expert advised him against it.
The expert read his blood test.
His new phone broke after two days.
Customers trust him more than me.
Customers trust his brand more than mine.
The tax office fined him heavily.
The lawyer defended him brilliantly.
Thanks to him, we won.
Thanks to his quick reaction, we won.
The train left without him.
I share his opinion.
I agree with him.
I agree with his view.
They accused him of fraud.
His insurance covered the damage.
The insurer denied his request for a refund.
The bank froze his assets.
The bank blocked him.
You can trust him, I think.
The pilot and his crew landed safely.
We waited for him outside.
We waited for his reply.
The mayor shook his hand.
The crowd carried him on their shoulders.
A dog bit him in the leg.
His leg still hurts.
The agency gave him three weeks.
Nobody understood his accent.
The hotel charged him twice.
The hotel charged his card twice.
I would hire him again.
I would buy his cookbook again.
The editor sent him a contract.
We discussed his contract.
The school expelled him.
His marks improved quickly.
The story about his childhood moved me.
They asked him why his report was late.
The judge believed him, not his partner.
They treated him badly.
The house where he grew up is no longer his*.
This is typical of him.
This is typical of his work.
He blamed himself for his mistake.
The tenants like him because he repairs things.
Our team misses him.
Our team misses his humour.
The machine crushed his finger.
They offered his job to a younger person.
The manager gave him his pay late.
I had him sign the form.
I had his form on my desk.
We watched his performance twice.
The firm paid him well.
He got his money back.
They wanted him gone.
They wanted his land.
The heat made his head ache.
""".strip().splitlines()


def masculine(sentence: str) -> str:
    """The sentence as it reads of a man."""
    return sentence.replace("his*", "his")


def feminine(sentence: str) -> str:
    """The sentence as it reads of a woman."""
    exchanged = {"his*": "hers", "his": "her", "him": "her", "he": "she", "himself": "herself"}

    def exchange(match: re.Match[str]) -> str:
        word = exchanged[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    return re.sub(r"\b(?:his\*|his\b|him\b|he\b|himself\b)", exchange, sentence, flags=re.IGNORECASE)
